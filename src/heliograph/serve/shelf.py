"""The newest good build, in memory: what each port hands out, found by exact lookup and never by a path on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from msgspec import Struct

from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.tree.write import TreePlan

PREVIEWS: Final = "mail and macros"
_PREVIEWED: Final = ("mail", "macros")

Files = dict[str, Artifact]


class Shelf(Struct, frozen=True):
    """All trees of one build, by the name of who reads them; mail and macros share one."""

    trees: dict[str, Files]

    def find(self, tree: str, path: str) -> Artifact | None:
        """Find what a request path means: the file itself, or the index of a folder."""
        files = self.trees.get(tree, {})
        name = path.lstrip("/")
        folder = name if not name or name.endswith("/") else f"{name}/"
        return files.get(name) or files.get(f"{folder}index.html")

    def missing(self, tree: str) -> Artifact | None:
        """Give a tree's own page for what is not there."""
        return self.trees.get(tree, {}).get("404.html")


def stock(plans: Iterable[TreePlan]) -> Shelf:
    """Make every tree of a build and shelve it: the public site first, previews last."""
    made = {plan.name: {artifact.path: artifact for artifact in plan.artifacts} for plan in plans}
    previews = {f"{name}/{path}": artifact for name in _PREVIEWED for path, artifact in made.pop(name, {}).items()}
    previews["index.html"] = _contents(previews)
    ordered = sorted(made, key=lambda name: (name != "public", name != "internal", name))
    return Shelf({**{name: made[name] for name in ordered}, PREVIEWS: previews})


def _contents(files: Iterable[str]) -> Artifact:
    items = "\n".join(f'<li><a href="{escape(path)}">{escape(path)}</a></li>' for path in _shown(files))
    body = f"<h1>Mail and macros</h1>\n<ul>\n{items}\n</ul>" if items else "<h1>Mail and macros</h1>\n<p>None now.</p>"
    head = '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Mail and macros</title>'
    return text_artifact("index.html", f"{head}\n{body}\n</html>\n")


def _shown(files: Iterable[str]) -> Iterator[str]:
    yield from sorted(path for path in files if path.endswith((".html", ".txt")))
