"""What Git knows of a site's sources. A site need not be in Git: then nothing is known, and nothing comes out of it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SOURCES: Final = ("site_src", "layouts", "audiences", "incidents")
"""All that a site is made from."""

_SECONDS: Final = 60


class NotGiven(Exception):  # noqa: N818 -- it is an answer, not a fault
    """Git does not give out what was asked for; the message says why."""


def head(root: Path) -> str:
    """Name the commit that is checked out where a site lies; empty if there is none."""
    return commit_of(root, "HEAD")


def has_more(root: Path) -> bool:
    """Tell whether a site's sources hold anything that is not committed; False where they are not in Git."""
    return bool(_answer(root, "status", "--porcelain", "--untracked-files=all", "--", *SOURCES))


def commit_of(root: Path, name: str) -> str:
    """Name the commit that a revision stands for; empty if Git knows no such revision, or nothing of the site."""
    return "" if name.startswith("-") else _answer(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")


def fork_point(root: Path) -> str:
    """Name the commit at which what is checked out left origin's main branch; empty without one."""
    return _answer(root, "merge-base", "HEAD", "origin/HEAD")


def holds(root: Path, commit: str, tip: str = "HEAD") -> bool | None:
    """Tell whether what is checked out, or another commit, grew out of a commit.

    None where nobody can tell: the site is not in Git, or in a clone that was cut short and lacks the commit.
    """
    if not head(root):
        return None
    if commit_of(root, commit):
        return _says(root, "merge-base", "--is-ancestor", commit, tip)
    return False if _answer(root, "rev-parse", "--is-shallow-repository") == "false" else None


def mentions(root: Path, commit: str, pattern: str, below: str) -> bool:
    """Tell whether a file below a folder of the site has, in a commit, a line that fits an extended pattern."""
    return _says(root, "grep", "--quiet", "-E", "-e", pattern, commit, "--", below)


@contextmanager
def laid_out(root: Path, commit: str, names: Sequence[str] = SOURCES) -> Iterator[Path]:
    """Lay the named parts of a site, as a commit has them, into a folder that goes with the block.

    It is done as a checkout would, by way of an index of its own: the repository and the person's work stay untouched.
    What Git keeps as a link becomes an ordinary file. Raises NotGiven.
    """
    top, within = _answer(root, "rev-parse", "--show-toplevel"), _answer(root, "rev-parse", "--show-prefix")
    if not top:
        raise NotGiven("the site is not in a folder that Git works in")
    with tempfile.TemporaryDirectory(prefix="heliograph-") as made:
        folder, index = Path(made) / "site", {"GIT_INDEX_FILE": str(Path(made) / "index")}
        for name in names:
            tree = _answer(Path(top), "rev-parse", "--verify", "--quiet", f"{commit}:{within}{name}")
            if tree:
                _must(Path(top), index, "read-tree", f"--prefix={name}/", tree)
        _must(Path(top), index, "-c", "core.symlinks=false", "checkout-index", "--all", f"--prefix={folder}/")
        yield folder


def _must(root: Path, environment: Mapping[str, str], *what: str) -> None:
    done = _asked(root, environment, *what)
    if done is None or done.returncode:
        raise NotGiven("Git does not give out what stood there")


def _says(root: Path, *what: str) -> bool:
    done = _asked(root, {}, *what)
    return done is not None and done.returncode == 0


def _answer(root: Path, *what: str) -> str:
    """Ask Git something that has a short answer; empty where it has none."""
    done = _asked(root, {}, *what)
    return done.stdout.rstrip("\n") if done is not None and done.returncode == 0 else ""


def _asked(root: Path, environment: Mapping[str, str], *what: str) -> subprocess.CompletedProcess[str] | None:
    """Ask Git; None where it is not installed or does not answer."""
    try:
        return subprocess.run(  # noqa: S603 -- no shell; a revision cannot be taken for an option
            ["git", "-C", str(root), "--no-optional-locks", *what],  # noqa: S607 -- whichever Git the person uses
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
