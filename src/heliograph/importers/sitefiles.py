"""The folder an import writes into: a minimal site where there is none, and parts added to the one that is there."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from heliograph.author.new import slug
from heliograph.author.scalars import quoted
from heliograph.importers.report import ImportRefused
from heliograph.load.fields import id_fault
from heliograph.load.resolve import SHIPPED
from heliograph.model import INTERNAL, PUBLIC
from heliograph.tree.fsio import create_new, write_file_atomically

SETTINGS: Final = "site_src/site.toml"
COMPONENTS: Final = "site_src/components.toml"
_ID: Final = re.compile(r"^id:[ \t]*(\S+)", re.MULTILINE)
_HEAD_BYTES: Final = 4096
_AUDIENCES: Final = {
    PUBLIC: 'name = "Public"\nboundary = "external"\nsurfaces = ["page", "feed", "api"]\n',
    INTERNAL: 'name = "Internal"\nboundary = "internal"\nsurfaces = ["page", "feed"]\n',
}


class Settings(msgspec.Struct, frozen=True):
    """What a new site.toml says: an id, a name, the public address, and whose civil days count."""

    id: str
    name: str
    url: str
    timezone: str


class Part(msgspec.Struct, frozen=True):
    """A component to be: its name, the name of its group (empty for none), and one line about it."""

    name: str
    group: str
    description: str = ""


class Parts:
    """The components of a site by name: those it has, and those an import adds to it."""

    def __init__(self, text: str, label: str) -> None:
        self._label = label
        self._text = text
        table = _table(text, COMPONENTS)
        self._ids = {str(one.get("name", "")): str(one.get("id", "")) for one in _tables(table, "component")}
        self._groups = {str(one.get("name", "")): str(one.get("id", "")) for one in _tables(table, "group")}
        self._added: list[str] = []

    def known(self, name: str) -> bool:
        """Tell whether there is a component of this exact name."""
        return name in self._ids

    def id_of(self, part: Part) -> str:
        """Give the id of the component of this name, adding it and its group if need be."""
        if part.name not in self._ids:
            group = self._group(part.group) if part.group else ""
            self._ids[part.name] = _free(usable_id(slug(part.name, "part")), self._ids.values())
            self._added.append(_component(self._ids[part.name], part, group, self._label))
        return self._ids[part.name]

    def _group(self, name: str) -> str:
        if name not in self._groups:
            self._groups[name] = _free(slug(name, "group"), self._groups.values())
            self._added.append(f"[[group]]\nid = {quoted(self._groups[name])}\nname = {quoted(name)}\n")
        return self._groups[name]

    @property
    def text(self) -> str:
        """The whole of components.toml with what was added at its end. ImportRefused if that cannot be."""
        if not self._added:
            return self._text
        before = [self._text.rstrip("\n") + "\n"] if self._text.strip() else []
        text = "\n".join(before + self._added)
        _table(text, COMPONENTS)
        return text


def read_text(path: Path) -> str:
    """Read a site's own file; empty if there is none. ImportRefused if it is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ImportRefused(f"{path} cannot be read") from error


def check_label(root: Path, label: str) -> None:
    """Refuse a label that is no audience of the site (a new site has public and internal)."""
    if label in _AUDIENCES or (root / "audiences" / f"{label}.toml").is_file():
        return
    raise ImportRefused(f"there is no audience {label!r} in this site; import under public, internal or one it has")


def labels_of(root: Path) -> frozenset[str]:
    """Give the words a site's reader takes for labels: those everyone knows and its own audiences' ids."""
    return frozenset(SHIPPED).union(path.stem for path in root.glob("audiences/*.toml"))


def write_site(root: Path, settings: Settings) -> list[Path]:
    """Write what a site must have and this folder lacks, if it has no site.toml; give the files written."""
    if (root / SETTINGS).exists():
        return []
    made = [_create(root / SETTINGS, _settings_text(settings))]
    for audience, text in _AUDIENCES.items():
        path = root / "audiences" / f"{audience}.toml"
        if not path.exists():
            made.append(_create(path, text))
    return made


def write_parts(root: Path, text: str) -> list[Path]:
    """Write components.toml if it is missing or the import added to it; give the files written."""
    path = root / COMPONENTS
    if not path.exists():
        return [_create(path, text)]
    if text == read_text(path):
        return []
    write_file_atomically(path, text.encode())
    return [path]


def present_ids(root: Path) -> frozenset[str]:
    """Collect the ids of all incidents and maintenances in a site, by their first `id:` line."""
    found: set[str] = set()
    for pattern in ("incidents/*/incident.md", "incidents/*/maintenance.md"):
        for path in root.glob(pattern):
            with path.open("rb") as file:
                head = file.read(_HEAD_BYTES).decode("utf-8", "replace")
            found.update(match.strip("\"'") for match in _ID.findall(head)[:1])
    return frozenset(found)


def _create(path: Path, text: str) -> Path:
    create_new(path, text.encode())
    return path


def _settings_text(settings: Settings) -> str:
    pairs = (("id", settings.id), ("name", settings.name), ("url", settings.url), ("timezone", settings.timezone))
    return "".join(f"{key} = {quoted(value)}\n" for key, value in pairs)


def _component(identity: str, part: Part, group: str, label: str) -> str:
    pairs = [("id", identity), ("name", part.name), ("group", group), ("audience", label)]
    pairs.append(("description", part.description))
    return "[[component]]\n" + "".join(f"{key} = {quoted(value)}\n" for key, value in pairs if value)


def usable_id(word: str) -> str:
    """Make an id of a word that is none because the site's own files have that name (`api`)."""
    return f"{word}-part" if id_fault(word) else word


def _free(wanted: str, taken: Iterable[str]) -> str:
    used = set(taken)
    number, name = 1, wanted
    while name in used:
        number += 1
        name = f"{wanted}-{number}"
    return name


def _table(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ImportRefused(f"{file} of the site cannot be read or added to: {error}") from error


def _tables(table: dict[str, Any], name: str) -> Sequence[dict[str, Any]]:
    found = table.get(name, [])
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
