"""The configuration: site, components, facts, severities, targets and audiences, each file's problems noted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final, TypeVar

import msgspec

from heliograph import resources
from heliograph.addresses import host_of
from heliograph.load import toml
from heliograph.load.audiences import AUDIENCES, audience_id, read_audiences
from heliograph.load.fields import Fields, Values, Wrong, id_fault
from heliograph.load.files import Image, Snapshot
from heliograph.load.look import read_look
from heliograph.load.nodes import Mapping, Node, Scalar, Sequence
from heliograph.load.resolve import Labels, Vocabulary, refuse_repeated
from heliograph.model import Audience, Component, FactKind, Group, Settings, Severity, Target
from heliograph.problems import Place, Problems
from heliograph.terms import SEVERITIES

SITE: Final = "site_src/site.toml"
COMPONENTS: Final = "site_src/components.toml"
FACTS: Final = "site_src/facts.toml"
SEVERITY_WORDS: Final = "site_src/severities.toml"
TARGETS: Final = "site_src/targets.toml"
_REQUIRED: Final = (SITE, COMPONENTS, "audiences/public.toml", "audiences/internal.toml")
_STRATEGIC: Final = "audiences/strategic.toml"
_EMPTY: Final = Mapping({}, 1, 1)

_MAIL: Final = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)
_DIRECTORY: Final = re.compile(r"(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]+(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]+)*", re.ASCII)
_TREES: Final = frozenset({"page", "brief"})
_SOURCES: Final = ("site_src", "layouts", "audiences", "incidents")

T = TypeVar("T")


class Config(msgspec.Struct, frozen=True):
    """All that is configured; `settings` is None where site.toml could not be read."""

    settings: Settings | None
    groups: tuple[Group, ...]
    components: tuple[Component, ...]
    facts: tuple[FactKind, ...]
    severities: tuple[Severity, ...]
    audiences: tuple[Audience, ...]
    targets: tuple[Target, ...]
    vocabulary: Vocabulary


def read_config(snapshot: Snapshot, problems: Problems) -> Config:
    """Read every TOML file of the snapshot."""
    trees = _trees(snapshot, problems)
    vocabulary = _vocabulary(trees)
    labels = Labels(vocabulary)
    files = {path: Fields(Values(path, problems, labels), tree) for path, tree in trees.items() if tree is not None}
    audiences = read_audiences({path: files[path] for path in files if path.startswith(AUDIENCES)}, vocabulary)
    groups, components = _components(files.get(COMPONENTS))
    return Config(
        settings=_settings(files[SITE], snapshot.images) if SITE in files else None,
        groups=groups,
        components=components,
        facts=_facts(files.get(FACTS)),
        severities=_severities(files.get(SEVERITY_WORDS)),
        audiences=audiences,
        targets=_targets(files.get(TARGETS), audiences),
        vocabulary=vocabulary,
    )


def _trees(snapshot: Snapshot, problems: Problems) -> dict[str, Mapping | None]:
    """Parse all TOML files, in order of path; None for those that cannot be read."""
    present = {source.path: source.text for source in snapshot.sources if source.path.endswith(".toml")}
    for path in _REQUIRED:
        if path not in present and path not in snapshot.spoilt:
            problems.add(Place(path), "E319", "this file is required", "`heliograph init` writes one to begin with")
    trees = {path: toml.parse(text, path, problems) for path, text in present.items()}
    return dict.fromkeys(sorted(snapshot.spoilt)) | trees


def _vocabulary(trees: dict[str, Mapping | None]) -> Vocabulary:
    audiences = frozenset(audience_id(path) for path in trees if path.startswith(AUDIENCES))
    return Vocabulary(
        audiences=audiences,
        customers=_declared(trees, _STRATEGIC, "customer"),
        components=_declared(trees, COMPONENTS, "component"),
        regions=_regions(trees),
        facts=_declared(trees, FACTS, "fact"),
    )


def _declared(trees: dict[str, Mapping | None], path: str, key: str) -> frozenset[str] | None:
    """Give the ids of all `[[key]]` tables, right or wrong; None if the file could not be read."""
    if trees.get(path, _EMPTY) is None:
        return None
    return frozenset(found.value for found in _values(trees, path, key, "id") if isinstance(found, Scalar))


def _regions(trees: dict[str, Mapping | None]) -> frozenset[str] | None:
    """Give the regions of all components, right or wrong; None if the file could not be read."""
    if trees.get(COMPONENTS, _EMPTY) is None:
        return None
    lists = _values(trees, COMPONENTS, "component", "regions")
    items = (item for found in lists if isinstance(found, Sequence) for item in found.items)
    return frozenset(item.value for item in items if isinstance(item, Scalar))


def _values(trees: dict[str, Mapping | None], path: str, key: str, name: str) -> Iterator[Node]:
    """Give what the `[[key]]` tables of a file have under a name."""
    pair = (trees.get(path) or _EMPTY).pairs.get(key)
    tables = pair[1].items if pair is not None and isinstance(pair[1], Sequence) else ()
    found = (table.pairs.get(name) for table in tables if isinstance(table, Mapping))
    return (pair[1] for pair in found if pair is not None)


def _known(found: Iterable[T | None]) -> tuple[T, ...]:
    return tuple(item for item in found if item is not None)


def _settings(fields: Fields, images: Iterable[Image]) -> Settings | None:
    values = fields.values
    identity = fields.need("id", values.identity)
    name = fields.need("name", values.title)
    url = fields.need("url", values.address(frozenset({"https"})))
    web = values.address(frozenset({"http", "https"}))
    internal_url = (fields.read("internal_url", web) or "").rstrip("/")
    timezone = fields.read("timezone", values.zone) or "UTC"
    known = values.one_of(resources.languages(), "a language that pages can be written in")
    language = fields.read("language", known) or "en"
    further = fields.read("languages", values.list_of(known)) or ()
    support_url = fields.read("support_url", values.address(frozenset({"http", "https", "mailto"}))) or ""
    mail_from = fields.read("mail_from", partial(_mail_address, values))
    notice = fields.read("notice", values.line) or ""
    clock = fields.read("clock", values.instant)
    sensitive_terms = fields.read("sensitive_terms", values.list_of(values.line)) or ()
    look = read_look(fields.read("theme", values.fields), images, name or "")
    fields.done()
    if identity is None or name is None or url is None:
        return None
    return Settings(
        id=identity,
        name=name,
        url=url.rstrip("/"),
        internal_url=internal_url,
        timezone=timezone,
        language=language,
        languages=tuple(dict.fromkeys((language, *further))),
        support_url=support_url,
        mail_from=mail_from or f"status@{host_of(url)}",
        notice=notice,
        clock=clock,
        sensitive_terms=sensitive_terms,
        look=look,
    )


def _mail_address(values: Values, node: Node) -> str:
    text = values.line(node)
    if _MAIL.fullmatch(text) is None:
        raise Wrong(node, "E135", "one plain e-mail address is wanted here, such as status@example.com")
    return text


def _components(fields: Fields | None) -> tuple[tuple[Group, ...], tuple[Component, ...]]:
    if fields is None:
        return (), ()
    groups = _known(_group(table) for table in fields.tables("group"))
    known = frozenset(group.id for group in groups)
    components = _known(_component(table, known) for table in fields.tables("component"))
    fields.done()
    refuse_repeated(groups, fields.values.problems)
    refuse_repeated(components, fields.values.problems)
    return groups, components


def _group(fields: Fields) -> Group | None:
    values = fields.values
    identity, name = fields.need("id", values.identity), fields.need("name", values.title)
    fields.done()
    if identity is None or name is None:
        return None
    return Group(id=identity, name=name, place=values.place(fields.mapping))


def _component(fields: Fields, groups: frozenset[str]) -> Component | None:
    values = fields.values
    address = values.address(frozenset({"http", "https"}))
    identity = fields.need("id", values.identity)
    name = fields.need("name", values.title)
    label = fields.need("audience", values.label)
    group = fields.read("group", values.declared(groups, "the id of a group", "E131"))
    description = fields.read("description", values.line) or ""
    regions = fields.read("regions", values.list_of(values.identity)) or ()
    since = fields.read("since", values.day)
    owner = fields.read("owner", values.line) or ""
    runbook = fields.read("runbook", address) or ""
    dashboards = fields.read("dashboards", values.list_of(address)) or ()
    fields.done()
    if identity is None or name is None or label is None:
        return None
    return Component(
        id=identity,
        name=name,
        label=label,
        group=group,
        description=description,
        regions=regions,
        since=since,
        owner=owner,
        runbook=runbook,
        dashboards=dashboards,
        place=values.place(fields.mapping),
    )


def _facts(fields: Fields | None) -> tuple[FactKind, ...]:
    if fields is None:
        return ()
    facts = _known(_fact(table) for table in fields.tables("fact"))
    fields.done()
    refuse_repeated(facts, fields.values.problems)
    return facts


def _fact(fields: Fields) -> FactKind | None:
    values = fields.values
    identity = fields.need("id", values.name)
    name = fields.need("name", values.title)
    label = fields.need("audience", values.label)
    unit = fields.read("unit", values.line) or ""
    fields.done()
    if identity is None or name is None or label is None:
        return None
    return FactKind(id=identity, name=name, label=label, unit=unit, place=values.place(fields.mapping))


def _severities(fields: Fields | None) -> tuple[Severity, ...]:
    if fields is None:
        return ()
    tables = ((name, fields.read(name, fields.values.fields)) for name in SEVERITIES)
    found = _known(_severity(name, table) for name, table in tables if table is not None)
    fields.done()
    return found


def _severity(identity: str, fields: Fields) -> Severity | None:
    name = fields.need("name", fields.values.title)
    meaning = fields.read("meaning", fields.values.line) or ""
    fields.done()
    return None if name is None else Severity(id=identity, name=name, meaning=meaning)


def _targets(fields: Fields | None, audiences: Iterable[Audience]) -> tuple[Target, ...]:
    if fields is None:
        return ()
    trees = frozenset(audience.id for audience in audiences if not _TREES.isdisjoint(audience.surfaces))
    tables = ((key, fields.read(key, fields.values.fields)) for key in fields.mapping.pairs)
    targets = _known(_target(key, table, trees) for key, table in tables if table is not None)
    _refuse_nested(targets, fields.values.problems)
    return targets


def _target(identity: str, fields: Fields, trees: frozenset[str]) -> Target | None:
    values = fields.values
    fault = id_fault(identity)
    if fault is not None:
        values.refuse(fields.mapping, *fault)
    tree = fields.need("tree", values.declared(trees, "an audience with a page or brief of its own", "E626"))
    directory = fields.need("directory", partial(_directory, values))
    fields.done()
    if tree is None or directory is None:
        return None
    return Target(id=identity, tree=tree, directory=directory, place=values.place(fields.mapping))


def _directory(values: Values, node: Node) -> str:
    text = values.line(node).rstrip("/")
    if _DIRECTORY.fullmatch(text) is None or text.split("/")[0] in _SOURCES:
        raise Wrong(node, "E625", "a folder inside the site's own is wanted here, apart from its sources")
    return text


def _refuse_nested(targets: tuple[Target, ...], problems: Problems) -> None:
    """Note targets of which one would write into the other."""
    for index, target in enumerate(targets):
        for other in targets[:index]:
            one, two = sorted((f"{target.directory.casefold()}/", f"{other.directory.casefold()}/"), key=len)
            if two.startswith(one):
                message = f"this folder and that of the target `{other.id}` lie within each other"
                problems.add(target.place, "E602", message)
