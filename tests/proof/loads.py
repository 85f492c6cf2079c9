"""A reader who loads pages while they are swapped: the front page, then the style sheet it names."""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.tree.write import TreePlan, write_trees

_TOLD = 20
_STYLE = re.compile(r'href="(assets/[^"]+)"')
_PAGE = re.compile(r"<html>front (\d+), style (\d+), <link href=.*</html>", re.DOTALL)


class Loads(NamedTuple):
    """How many whole loads there were, how many were not what they should be, and what was wrong with the first."""

    count: int
    bad: int
    wrong: tuple[str, ...]


def pages(version: int, style: int) -> list[Artifact]:
    """A front page with the style sheet it names, under the digest of its bytes; and something that never changes."""
    sheet = f"body {{ order: {style} }}\\n".encode() * 40
    name = f"assets/style.{hashlib.sha256(sheet).hexdigest()[:12]}.css"
    front = f'<html>front {version}, style {style}, <link href="{name}">' + "words " * 400 + "</html>"
    return [text_artifact("index.html", front), Artifact(name, sheet), text_artifact("about.html", "the same")]


def build(out: Path, version: int, style: int) -> None:
    """Build one version."""
    write_trees(out, [TreePlan(name="public", boundary="external", site="s", artifacts=pages(version, style))])


def load(tree: Path, between: Callable[[], object] = lambda: None) -> str:
    """Load a page as a browser does; give what is wrong with it, empty if nothing is."""
    try:
        page = (tree / "index.html").read_text()
    except OSError as error:
        return f"no front page: {error.strerror}"
    between()
    found, named = _PAGE.fullmatch(page), _STYLE.search(page)
    if found is None or named is None:
        return f"a front page of {len(page)} characters"
    try:
        sheet = (tree / named.group(1)).read_text()
    except OSError as error:
        return f"no style sheet: {error.strerror}"
    return "" if f"order: {found.group(2)} " in sheet and len(sheet) > 40 else "a style sheet of another page"


Wait = Callable[[], None]
"""Waits until a page load has begun and ended: a reader whose load lasts through many builds is promised nothing."""


def during(tree: Path, work: Callable[[Wait], object]) -> Loads:
    """Load pages over and over, in a process of its own, for as long as `work` takes."""
    counter = mmap.mmap(-1, mmap.PAGESIZE)
    told, telling = os.pipe()
    waiting, ending = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            os.close(ending)
            os.set_blocking(waiting, False)
            os.write(telling, msgspec.json.encode(_until_ended(tree, waiting, counter)))
        finally:
            os._exit(0)
    os.close(telling)
    try:
        work(lambda: _wait(counter))
    finally:
        os.close(ending)
        with os.fdopen(told, "rb") as answer:
            found = answer.read()
        os.close(waiting)
        os.waitpid(child, 0)
    return msgspec.json.decode(found, type=Loads)


def _wait(counter: mmap.mmap) -> None:
    seen, until = int.from_bytes(counter[:8]), time.monotonic() + 60
    while int.from_bytes(counter[:8]) < seen + 2:
        if time.monotonic() > until:
            raise TimeoutError("the reader has stopped")
        time.sleep(0.0002)


def _until_ended(tree: Path, waiting: int, counter: mmap.mmap) -> Loads:
    count, bad, wrong = 0, 0, []
    while _goes_on(waiting):
        for _ in range(50):
            count += 1
            if said := load(tree):
                bad += 1
                wrong += [said] if bad <= _TOLD else []
            counter[:8] = count.to_bytes(8)
    return Loads(count, bad, tuple(wrong))


def _goes_on(waiting: int) -> bool:
    try:
        return os.read(waiting, 1) != b""
    except BlockingIOError:
        return True


def swap_often(out: Path, count: int, per_style: int, wait: Wait) -> None:
    """Build `count` versions, with another style sheet every so many."""
    for version in range(1, count + 1):
        build(out, version, version // per_style)
        if version % per_style == 0:
            wait()
