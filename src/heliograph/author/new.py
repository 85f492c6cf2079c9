"""New source files in a site's folder: where they go, what they are called, never over something that is there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

from heliograph.author.document import (
    NewIncident,
    NewMaintenance,
    NewPostmortem,
    NewUpdate,
    Pairs,
    Unwritable,
    write_document,
)
from heliograph.model import INTERNAL, PUBLIC
from heliograph.tree.fsio import create_new, make_new_folder

_SLUG_LENGTH: Final = 48
_MINUTE: Final = re.compile(r"\d{4}([b-z]*)-")
_WORD_SIGNS: Final = re.compile(r"[^a-z0-9]+")


def slug(text: str, otherwise: str = "untitled") -> str:
    """Make a file name of words: ASCII letters, digits and single hyphens, at most 48 signs, cut between words."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode("ascii")
    words = _WORD_SIGNS.sub("-", plain.lower().replace("'", "")).strip("-")
    if len(words) > _SLUG_LENGTH:
        cut = words[: _SLUG_LENGTH + 1]
        words = cut.rpartition("-")[0] or words[:_SLUG_LENGTH]
    return words or otherwise


def new_incident(root: Path, incident: NewIncident, updates: Sequence[NewUpdate] = ()) -> Path:
    """Make an incident's folder below `root` with its updates and incident.md; give the folder.

    Raises Unwritable before anything is made, OSError when the disk refuses. incident.md comes last, so that an
    incident cut short is one that loading refuses, not one that lacks words.
    """
    last = ("incident.md", write_document(incident))
    return _new_folder(root, incident.started_at, incident.titles, [*_named(updates), last])


def new_maintenance(root: Path, maintenance: NewMaintenance, updates: Sequence[NewUpdate] = ()) -> Path:
    """Make a maintenance's folder below `root` as `new_incident` does; give the folder."""
    last = ("maintenance.md", write_document(maintenance))
    return _new_folder(root, maintenance.start, maintenance.titles, [*_named(updates), last])


def add_update(root: Path, folder: str, update: NewUpdate) -> Path:
    """Write an update into `incidents/<folder>`; give its path. FileNotFoundError if there is no such folder."""
    home = _existing(root, folder)
    data = encoded(write_document(update))
    while True:
        path = home / _next_name(update, [entry.name for entry in home.iterdir()])
        try:
            create_new(path, data)
        except FileExistsError:  # somebody else was quicker: take the next name
            continue
        return path


def add_note(root: Path, folder: str, *, identity: str, at: datetime, text: str, label: str = INTERNAL) -> Path:
    """Write a note, an update of words alone under one label, into `incidents/<folder>`; give its path."""
    note = NewUpdate(id=identity, at=at, audience=label, passages=((label, text),))
    return add_update(root, folder, note)


def new_postmortem(root: Path, folder: str, postmortem: NewPostmortem) -> Path:
    """Write `incidents/<folder>/postmortem.md`; FileExistsError if there is one."""
    path = _existing(root, folder) / "postmortem.md"
    create_new(path, encoded(write_document(postmortem)))
    return path


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    for number in count(2):
        yield f"{stem}-{number}"


def _named(updates: Sequence[NewUpdate]) -> list[tuple[str, str]]:
    files: dict[str, str] = {}
    for update in updates:
        files[_next_name(update, files)] = write_document(update)
    return list(files.items())


def _next_name(update: NewUpdate, present: Collection[str]) -> str:
    """Name an update's file `1420-identified.md`; if that minute has files, `1420b-…`, which sorts behind them.

    Updates of one instant are read in the order of their names.
    """
    minute = f"{update.at.astimezone(UTC):%H%M}"
    taken = [found[1] for name in present if (found := _MINUTE.match(name)) and name.startswith(minute)]
    suffix = _suffix_after(max(taken)) if taken else ""
    return f"{minute}{suffix}-{update.status or 'note'}.md"


def _suffix_after(suffix: str) -> str:
    """Count on: nothing, then b to z, then zb and so forth."""
    head, last = suffix[:-1], suffix[-1:]
    return head + chr(ord(last) + 1) if last and last != "z" else suffix + "b"


def _new_folder(root: Path, at: datetime, titles: Pairs, files: Sequence[tuple[str, str]]) -> Path:
    written = [(name, encoded(text)) for name, text in files]
    words = dict(titles)
    title = words.get(PUBLIC) or next(iter(words.values()), "")
    home = root / "incidents"
    stem = f"{at.astimezone(UTC).date().isoformat()}-{slug(title)}"
    folder = next(path for name in _numbered(stem) if _made(path := home / name))
    for name, data in written:
        create_new(folder / name, data)
    return folder


def encoded(text: str) -> bytes:
    """Turn a source file's text into bytes; raise Unwritable for what is no text, such as half a character."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Unwritable("these words hold a character that is no text; type them again") from error


def _made(folder: Path) -> bool:
    try:
        make_new_folder(folder)
    except FileExistsError:
        return False
    return True


def _existing(root: Path, folder: str) -> Path:
    home = root / "incidents" / folder
    if folder in {"", ".."} or folder != Path(folder).name or not home.is_dir():
        raise FileNotFoundError(f"there is no folder incidents/{folder}")
    return home
