"""The file that a SQLite ledger is kept in: made, opened, found sound or damaged; and what its errors mean."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import quote

import msgspec

from heliograph.send.ledger import LedgerFailed, LedgerRefused
from heliograph.send.remembered import BASELINE
from heliograph.send.wal import has_lost
from heliograph.tree.fsio import PRIVATE_MODE, Folder

SCHEMA: Final = 1
_OURS: Final = 0x68656C69
"""As SQLite's application id: `heli`."""
_PATIENCE: Final = 10.0
"""Seconds to wait for a lock that a reader, or a program that copies the file, may hold."""

TABLES: Final = (
    """CREATE TABLE deliveries (
  seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, message TEXT NOT NULL REFERENCES messages (id),
  address TEXT NOT NULL, language TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, reply TEXT NOT NULL,
  at TEXT NOT NULL, digest TEXT NOT NULL) STRICT""",
    "CREATE INDEX deliveries_of ON deliveries (message, seq)",
    """CREATE TABLE ledger (
  seq INTEGER PRIMARY KEY CHECK (seq = 1), site TEXT NOT NULL, lineage TEXT NOT NULL, epoch INTEGER NOT NULL,
  digest TEXT NOT NULL) STRICT""",
    """CREATE TABLE messages (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at TEXT NOT NULL, sha256 TEXT NOT NULL,
  digest TEXT NOT NULL) STRICT""",
    "CREATE TABLE words (seq INTEGER PRIMARY KEY, frozen BLOB NOT NULL) STRICT",
)
"""Messages' words stand apart: they are most of the file, and read only for messages that are asked for."""
_CHECKED: Final = ("deliveries", "ledger", "messages")
"""What is looked at whole at each opening; words are summed up in their messages, and looked at when they are read."""


def open_file(path: Path, *, create: bool) -> sqlite3.Connection:
    """Open a ledger's file, an empty one if it is missing and may be made. Raises LedgerRefused, LedgerFailed."""
    with answering(path):
        if _is_missing(path):
            if not create:
                raise LedgerRefused(
                    f"there is no ledger at {path}; put it back, or begin one with {BASELINE}, "
                    "which takes all that exists for told"
                )
            _make(path)
        # Before SQLite sees the log: it would shorten it to what it can read.
        if has_lost(path.with_name(f"{path.name}-wal")):
            damaged(path)
        return _connect(path)


def make_tables(connection: sqlite3.Connection) -> bool:
    """Make the tables of an empty file, within a transaction; False if there are any already."""
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() != (0,):
        return False
    for table in TABLES:
        connection.execute(table)
    connection.execute(f"PRAGMA application_id = {_OURS}")
    connection.execute(f"PRAGMA user_version = {SCHEMA}")
    return True


def check_file(connection: sqlite3.Connection, path: Path) -> None:
    """Raise LedgerRefused for a file that is not ours, of a newer program, or not sound."""
    asked = ("application_id", "user_version")
    ours, schema = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in asked)
    if ours == _OURS and schema > SCHEMA:
        raise LedgerRefused(f"{path} was written by a newer Heliograph (schema {schema}); use that one")
    tables = connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
    if (ours, schema) != (_OURS, SCHEMA) or tuple(row[0] for row in tables) != TABLES:
        raise LedgerRefused(f"{path} is no ledger, or is damaged; put back a sound copy, or move it away")
    for table in _CHECKED:
        if connection.execute(f"PRAGMA quick_check({table})").fetchone() != ("ok",):
            damaged(path)


def _is_missing(path: Path) -> bool:
    try:
        with Folder.open(path.parent) as folder:
            kind = folder.kind(path.name)
    except FileNotFoundError:
        return True
    if kind not in ("file", "nothing"):
        raise LedgerRefused(f"{path} is not an ordinary file; name one, or remove what stands there")
    return kind == "nothing"


def _make(path: Path) -> None:
    """Make an empty file that its owner alone may read: SQLite gives its own files the same mode."""
    with Folder.make(path.parent) as folder, contextlib.suppress(FileExistsError):
        folder.create(path.name, b"", flush=True, mode=PRIVATE_MODE)
        folder.flush()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode=rw",
        uri=True,
        timeout=_PATIENCE,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.create_function("digest", -1, digest, deterministic=True)
    for setting in ("trusted_schema = OFF", "cell_size_check = ON", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {setting}")
    if connection.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
        raise LedgerFailed(f"{path}: this file system cannot keep a ledger (no write-ahead log)")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def digest(*columns: str | int) -> str:
    """Sum up a row, so that damage to it is noticed."""
    told = "\0".join(map(str, columns))
    return hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def damaged(path: Path) -> NoReturn:
    """Refuse a ledger that is not as it was written."""
    raise LedgerRefused(
        f"the ledger {path} is damaged; put back a sound copy, or move it away and begin one with {BASELINE}"
    )


@contextlib.contextmanager
def answering(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say into the ledger's two answers."""
    try:
        yield
    except sqlite3.Error as error:
        number = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if number in _DAMAGE and not isinstance(error, sqlite3.ProgrammingError):
            damaged(path)
        raise LedgerFailed(f"the ledger {path} cannot be read or written: {error}") from error
    except (ValueError, OverflowError, msgspec.MsgspecError):
        damaged(path)
    except OSError as error:
        raise LedgerFailed(f"the ledger {path} cannot be reached: {error.strerror or error}") from error


_DAMAGE: Final = frozenset(
    {
        *(sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_SCHEMA),
        *(sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_RANGE),
    }
)
"""Answers that a sound file never gives: what is asked of it is fixed."""
