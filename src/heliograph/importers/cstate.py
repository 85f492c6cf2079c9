"""Import of a cState site: its posts become our incidents, its systems our components."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

from heliograph.author.document import NewIncident, NewUpdate
from heliograph.author.ids import digest_id
from heliograph.author.new import new_incident, slug
from heliograph.importers.cstate_config import Config, read_config
from heliograph.importers.cstate_issue import Issue, read_issue
from heliograph.importers.cstate_updates import Manner, updates_of
from heliograph.importers.frontmatter import Page, read_page
from heliograph.importers.report import Findings, ImportRefused, Notes, Report, relative_files
from heliograph.importers.sitefiles import (
    COMPONENTS,
    Part,
    Parts,
    Settings,
    check_label,
    labels_of,
    present_ids,
    read_text,
    usable_id,
    write_parts,
    write_site,
)
from heliograph.times import TimeError
from heliograph.times import zone as zone_of

FORMER_PARTS: Final = "Former parts"
"""The group of systems that posts name and the configuration no longer does, so that history keeps its meaning."""

_NOTHING_LOST: Final = frozenset(
    {"angle-bracket", "comment", "control", "former-part", "html", "image", "informational", "link"}
)
_MOST_PARTS: Final = 200
_LARGEST_FILE: Final = 200_000
_PAGES: Final = (".md", ".markdown", ".html", ".adoc", ".org", ".rst")

Progress = Callable[[int, int], None]
"""Is told after each post how many are read, and of how many."""


class Post(msgspec.Struct, frozen=True):
    """A post ready to be written."""

    incident: NewIncident
    updates: tuple[NewUpdate, ...]


def import_cstate(
    source: Path, into: Path, label: str, zone: str | None = None, progress: Progress = lambda _done, _of: None
) -> Report:
    """Read the cState site in `source` and write it into the site in `into`, a minimal one if there is none.

    Titles, updates and new components get `label`, an audience of the site; times without a zone are of `zone`
    (UTC, as cState takes them, if None). Posts an earlier import brought are left as they are. Everything is read
    before anything is written; faults in posts are in the report. Raises ImportRefused when nothing can be done.
    """
    findings = Findings()
    local = _zone(zone)
    check_label(into, label)
    config = read_config(source, findings)
    parts = Parts(read_text(into / COMPONENTS), label)
    for part in config.parts:
        parts.id_of(part)
    present = present_ids(into)
    manner = Manner(config.base_url, local, label, labels_of(into))
    posts: dict[str, Post | None] = {}
    files = _content_files(source)
    for done, path in enumerate(files, 1):
        file = path.relative_to(source).as_posix()
        page = _read(path, file, findings)
        if page is not None:
            issue = read_issue(file, page, local, findings.about(file))
            posts[file] = _post(issue, manner, parts, findings) if issue else None
        progress(done, len(files))
    fresh = [post for post in posts.values() if post and post.incident.id not in present]
    written = _write(into, config, local, parts, fresh)
    return _report(config, posts, present, findings, relative_files(into, written))


def _zone(name: str | None) -> ZoneInfo:
    try:
        return zone_of(name or "UTC")
    except TimeError as error:
        raise ImportRefused(str(error)) from error


def _content_files(source: Path) -> list[Path]:
    """List what may be posts: all in `issues`, elsewhere only pages; hidden files and section pages are neither."""
    content = source / "content"
    found = []
    for path in sorted(content.rglob("*")) if content.is_dir() else ():
        inside = path.relative_to(content)
        if any(part.startswith(".") for part in inside.parts) or path.stem == "_index" or not path.is_file():
            continue
        if "issues" in inside.parts[:-1] or path.suffix in _PAGES:
            found.append(path)
    return found


def _read(path: Path, file: str, findings: Findings) -> Page | None:
    """Read a file as a post; None, noted, if it is none."""
    notes = findings.about(file)
    in_issues = "issues" in Path(file).parts[:-1]
    try:
        data = path.read_bytes() if path.stat().st_size <= _LARGEST_FILE else None
    except OSError:
        data = None
    if data is None:
        notes.add(1, "unreadable", "the file cannot be read, or is too large to be a post, and was left out")
        return None
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    page = None if b"\0" in data else read_page(text, notes if in_issues else Findings().about(file))
    if page is None or page.text("section") != "issue":
        _note_no_post(page, notes, in_issues=in_issues)
        return None
    if "\N{REPLACEMENT CHARACTER}" in text:
        notes.add(1, "encoding", "the file is not all UTF-8; what could not be read was replaced")
    if path.suffix != ".md":
        notes.add(1, "file-name", "the file's name does not end in .md, so that cState does not show it; imported")
    return page


def _note_no_post(page: Page | None, notes: Notes, *, in_issues: bool) -> None:
    if not in_issues:
        notes.add(1, "other-page", "a page that is no post was left out")
    elif page is None:
        notes.add(1, "no-front-matter", "the file has no front matter and was left out")
    else:
        message = "without `section: issue` cState does not show the post, and it was left out"
        notes.add(page.line("section"), "no-issue", message)


def _post(issue: Issue, manner: Manner, parts: Parts, findings: Findings) -> Post:
    claims = _claims(issue, parts, findings) if issue.state else ()
    identity = digest_id(manner.base, issue.path)
    incident = NewIncident(id=identity, titles=((manner.label, issue.title),), started_at=issue.date)
    return Post(incident, tuple(updates_of(issue, manner, claims, findings.about(issue.path, issue.body_line))))


def _claims(issue: Issue, parts: Parts, findings: Findings) -> tuple[str, ...]:
    """Give the ids of a post's systems; one that is not configured becomes a component among the former parts."""
    if len(issue.affected) > _MOST_PARTS:
        message = f"of its systems only the first {_MOST_PARTS} are claimed"
        findings.add(issue.path, issue.affected_line, "many-systems", message)
    ids = []
    for name in issue.affected[:_MOST_PARTS]:
        if not parts.known(name):
            message = f"{name} is not configured; it was added to the former parts"
            findings.add(issue.path, issue.affected_line, "former-part", message)
        ids.append(parts.id_of(Part(name, FORMER_PARTS)))
    return tuple(dict.fromkeys(ids))


def _write(into: Path, config: Config, zone: ZoneInfo, parts: Parts, posts: Sequence[Post]) -> list[Path]:
    parts_text = parts.text  # may refuse: before anything is written
    settings = _settings(config, zone)
    written = write_site(into, settings) + write_parts(into, parts_text)
    for post in posts:
        folder = new_incident(into, post.incident, post.updates)
        written += sorted(folder.iterdir())
    return written


def _settings(config: Config, zone: ZoneInfo) -> Settings:
    host = urlsplit(config.base_url).hostname or ""
    url = config.base_url or "https://status.example.com"
    return Settings(id=usable_id(slug(host or config.title, "status")), name=config.title, url=url, timezone=zone.key)


def _report(
    config: Config,
    posts: dict[str, Post | None],
    present: frozenset[str],
    findings: Findings,
    files: tuple[str, ...],
) -> Report:
    made = {file: post for file, post in posts.items() if post}
    old = sum(post.incident.id in present for post in made.values())
    fresh = [file for file, post in made.items() if post.incident.id not in present]
    whole = sum(findings.kinds_of(file) <= _NOTHING_LOST for file in fresh)
    unread = {row.file for row in findings.rows if row.kind in {"no-front-matter", "no-issue", "unreadable"}}
    return Report(
        source=config.base_url or config.title,
        imported=whole,
        partly=len(fresh) - whole,
        left_out=len(posts) - len(made) + len(unread),
        present=old,
        rows=findings.rows,
        files=files,
    )
