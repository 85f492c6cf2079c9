"""Runs the command line as a person does, in this process: what it printed, and the code it exited with."""

import gc
import os
from pathlib import Path
from typing import NamedTuple

import pytest

from heliograph.cli.main import main


class Said(NamedTuple):
    code: int
    out: str
    err: str


def run(capsys: pytest.CaptureFixture[str], *args: object, site: Path | None = None) -> Said:
    """Run `heliograph ARGS` for a site; a traceback or an unforeseen exception fails the test by itself."""
    before = ("--site", str(site)) if site else ()
    capsys.readouterr()
    code = 0
    try:
        main([*before, *map(str, args)])
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    finally:
        gc.enable()  # a build collects nothing, since its process ends with it; this one goes on
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    assert "an error of its own" not in err, err
    return Said(code, out, err)


def snapshot(folder: Path) -> dict[str, bytes]:
    """All files below a folder, by relative path."""
    return (
        {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
        if folder.exists()
        else {}
    )


def environment(**changes: str) -> dict[str, str]:
    """This environment, changed; for programs of their own."""
    return {**os.environ, **changes}
