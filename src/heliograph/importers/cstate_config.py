"""A cState site's own configuration, as far as it says anything that stays true without cState."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import yaml

from heliograph.addresses import address_fault
from heliograph.importers.prose import cut, plain_words, words_of
from heliograph.importers.report import Findings, ImportRefused
from heliograph.importers.sitefiles import Part

_NAMES: Final = ("config", "hugo", "config/_default/config", "config/_default/hugo")
_ENDINGS: Final = (".yml", ".yaml", ".toml")
LONGEST_NAME: Final = 140
_LONGEST_DESCRIPTION: Final = 300


class Config(msgspec.Struct, frozen=True):
    """Title, https address without a slash at its end (empty if unknown), parts in order, and its own path."""

    title: str
    base_url: str
    parts: tuple[Part, ...]
    file: str


def read_config(source: Path, findings: Findings) -> Config:
    """Read config.yml (or .toml, or hugo.*). ImportRefused if this folder holds no cState site."""
    path = next((found for name in _NAMES for end in _ENDINGS if (found := source / (name + end)).is_file()), None)
    if path is None and not (source / "content").is_dir():
        raise ImportRefused(f"{source} is no cState site: it has neither config.yml nor a folder content")
    if path is None:
        findings.add("config.yml", 1, "no-config", "there is no configuration; parts are taken from the posts alone")
        return Config("Status", "", (), "config.yml")
    file = path.relative_to(source).as_posix()
    table = _lowered(_read_table(path, file, findings))
    params = _lowered(table.get("params"))
    title = cut(plain_words(_text(table.get("title"))), LONGEST_NAME) or "Status"
    return Config(title, _base_url(_text(table.get("baseurl")), file, findings), _parts(params, file, findings), file)


def part_name(text: str) -> str:
    """Make one line of at most 140 characters of a system's name, wherever it is written."""
    return cut(plain_words(text), LONGEST_NAME)


def _read_table(path: Path, file: str, findings: Findings) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
        return tomllib.loads(text) if path.suffix == ".toml" else yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 -- text only
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        findings.add(
            file, line, "broken-config", "the configuration cannot be read; parts are taken from the posts alone"
        )
        return {}


def _lowered(table: Any) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in table.items()} if isinstance(table, dict) else {}


def _text(value: Any) -> str:
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _base_url(address: str, file: str, findings: Findings) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        findings.add(file, 1, "no-address", "baseURL is no address; relative links become words")
        return ""
    https = f"https://{parts.netloc}{parts.path}".rstrip("/")
    if address_fault(https):
        findings.add(file, 1, "no-address", "baseURL cannot be used as an address; relative links become words")
        return ""
    return https


def _parts(params: dict[str, Any], file: str, findings: Findings) -> tuple[Part, ...]:
    headed = {_text(one.get("name")) for one in _tables(params.get("categories")) if not _is_true(one.get("untitled"))}
    parts: dict[str, Part] = {}
    for system in _tables(params.get("systems")):
        name = part_name(_text(system.get("name")))
        category = _text(system.get("category"))
        if not name or name in parts:
            findings.add(file, 1, "system", "a system without a name, or named before, was left out")
            continue
        if system.get("link"):
            findings.add(file, 1, "system-link", f"the link of {name} has no counterpart and was left out")
        group = part_name(category) if category in headed else ""
        parts[name] = Part(name, group, cut(words_of(_text(system.get("description"))), _LONGEST_DESCRIPTION))
    return tuple(parts.values())


def _tables(value: Any) -> list[dict[str, Any]]:
    return [_lowered(one) for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _is_true(value: Any) -> bool:
    return str(value).lower() in {"true", "yes", "on"}
