"""What people install: the wheel carries the defaults once and works with the checkout gone."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from command import environment

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The wheel, built from this checkout and unpacked where no checkout is."""
    made = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", made, ROOT]
    subprocess.run(command, check=True, capture_output=True, cwd=made)
    (wheel,) = made.glob("*.whl")
    target = made / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def heliograph(unpacked: Path, *args: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the unpacked package's command, from elsewhere."""
    return subprocess.run(
        [sys.executable, "-m", "heliograph", *map(str, args)],
        env=environment(PYTHONPATH=str(unpacked)),
        cwd=cwd,
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_the_wheel_carries_layouts_audiences_and_the_example_once(unpacked):
    names = [path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()]
    assert sum(name.endswith("layouts/web/base.html") for name in names) == 1
    assert sum(name.endswith("audiences/exec.toml") for name in names) == 1
    assert sum(name.endswith("site_src/site.toml") for name in names) == 2  # the example's and the small start's
    assert "heliograph/locale/de/LC_MESSAGES/heliograph.po" in names
    assert not [name for name in names if name.startswith(("tests/", "bench/"))]


@pytest.mark.slow
def test_the_wheel_starts_and_builds_a_site_without_the_checkout(unpacked, tmp_path):
    where = heliograph(unpacked, "--version", cwd=tmp_path)
    assert where.returncode == 0
    code = "import heliograph, heliograph.resources as r; print(heliograph.__file__); print(r.defaults())"
    out = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(PYTHONPATH=str(unpacked)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert all(line.startswith(str(unpacked)) for line in out), out
    assert heliograph(unpacked, "init", "--example", "company", cwd=tmp_path).returncode == 0
    built = heliograph(unpacked, "build", cwd=tmp_path / "company")
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "company/dist/public/index.html").is_file()
