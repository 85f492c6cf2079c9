"""A translation to begin with: the original's words and markers, and the digests of what they were taken from."""

from __future__ import annotations

from pathlib import Path

import msgspec

from heliograph.author.document import Pairs
from heliograph.author.new import encoded
from heliograph.author.scalars import flow_map, scalar
from heliograph.tree.fsio import create_new


class Original(msgspec.Struct, frozen=True, kw_only=True):
    """A file that can be translated: its path within the site, digests by label, titles or title, and passages."""

    path: str
    of: Pairs
    titles: Pairs = ()
    title: str = ""
    passages: Pairs = ()


def write_translation(original: Original) -> str:
    """Write a translation that still says what its original does; as a draft, so that nobody is shown it."""
    head = [f"of: {flow_map(original.of)}", "draft: true"]
    if original.title:
        head.append(f"title: {scalar(original.title)}")
    if original.titles:
        head += ["title:", *(f"  {label}: {scalar(words)}" for label, words in original.titles)]
    passages = (f"::: {label}\n{words}\n" for label, words in original.passages)
    return "---\n" + "\n".join(head) + "\n---\n" + "\n".join(passages)


def new_translation(root: Path, original: Original, language: str) -> Path:
    """Write `<name>.<language>.md` beside its original; FileExistsError if there is one."""
    path = root / f"{original.path.removesuffix('.md')}.{language}.md"
    create_new(path, encoded(write_translation(original)))
    return path
