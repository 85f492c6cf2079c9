"""Where the defaults are: in the wheel under `defaults`, in a checkout at its top. Nobody else asks."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def defaults() -> Path:
    """Give the folder that holds the shipped site_src, layouts, audiences and incidents."""
    packaged = _PACKAGE / "defaults"
    return packaged if packaged.is_dir() else _PACKAGE.parent.parent


def start() -> Path:
    """Give the folder of the small site that `init` copies."""
    return _PACKAGE / "start"


def languages() -> tuple[str, ...]:
    """Name the languages that pages can be written in: English, which needs no catalogue, and those that have one."""
    folders = [folder.name for folder in (_PACKAGE / "locale").iterdir() if folder.is_dir()]
    return ("en", *sorted(name.replace("_", "-") for name in folders))


def catalogue(language: str) -> Path:
    """Give the file that holds the messages of a language."""
    return _PACKAGE / "locale" / language.replace("-", "_") / "LC_MESSAGES" / "heliograph.po"
