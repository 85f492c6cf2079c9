"""The same input gives the same bytes: whatever the zone, language, hash seed, umask, clock and order of folders."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from command import environment

ROOT = Path(__file__).parent.parent

SURROUNDINGS = {
    "as it is": {},
    "another zone": {"TZ": "Pacific/Chatham"},
    "another language": {"LANG": "tr_TR.UTF-8", "LC_ALL": "C"},
    "hash seed 0": {"PYTHONHASHSEED": "0"},
    "hash seed 4711": {"PYTHONHASHSEED": "4711"},
    "a source date": {"SOURCE_DATE_EPOCH": "1"},
}


def tree_hashes(out: Path) -> dict[str, str]:
    """The digest of each tree under `out`, as its manifest states it."""
    return {path.name: json.loads(path.read_bytes())["tree_sha256"] for path in sorted(out.glob("*.manifest.json"))}


def build(site: Path, out: Path, *, umask: int = 0o022, **changes: str) -> dict[str, str]:
    """Build in a process of its own and give the digests of what came out."""
    subprocess.run(
        [sys.executable, "-m", "heliograph", "-q", "--site", site, "build", "--output", out],
        env=environment(**changes),
        check=True,
        umask=umask,
        capture_output=True,
    )
    return tree_hashes(out)


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    """The example's digests, built in the usual surroundings."""
    return build(ROOT, tmp_path_factory.mktemp("usual") / "out")


@pytest.mark.slow
@pytest.mark.parametrize("name", SURROUNDINGS)
def test_surroundings_change_no_byte(name, usual, tmp_path):
    assert len(usual) >= 6
    assert build(ROOT, tmp_path / "out", **SURROUNDINGS[name]) == usual


@pytest.mark.slow
@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_the_umask_changes_neither_bytes_nor_modes(umask, usual, tmp_path):
    out = tmp_path / "out"
    assert build(ROOT, out, umask=umask) == usual
    modes = {oct(path.stat().st_mode & 0o777) for path in (out / "public").rglob("*") if path.is_file()}
    assert modes == {"0o644"}


@pytest.mark.slow
def test_a_copy_made_in_another_order_gives_the_same_bytes(usual, tmp_path):
    copy = tmp_path / "copy"
    files = [
        path
        for part in ("site_src", "audiences", "incidents", "layouts")
        for path in (ROOT / part).rglob("*")
        if path.is_file()
    ]
    for path in sorted(files, reverse=True):
        target = copy / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
        os.utime(target, (0, 0))
    assert build(copy, tmp_path / "out") == usual


@pytest.mark.slow
def test_the_machines_clock_changes_nothing_when_the_instant_is_named(usual, tmp_path):
    late = "import time; time.time = lambda: 4e9\n"
    probe = f"{late}from heliograph.cli.main import main; main(['-q', '--site', {str(ROOT)!r}, 'build', '--output', {str(tmp_path / 'out')!r}])"
    subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True)
    assert tree_hashes(tmp_path / "out") == usual
