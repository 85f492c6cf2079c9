"""Leaks sown on purpose: small mistakes in the source, each of which the worlds must bring to light.

A leak is named by what goes wrong. It is applied to a copy of the package; the proof runs against the copy, in a
process of its own. A leak that no longer applies is a failure too: it would prove nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import click

import heliograph
from heliograph import resources
from proof.alone import depends_on_company
from proof.readers import TESTS

CAUGHT = "can tell world"


class Edit(NamedTuple):
    """The first place where `old` stands in `file` becomes `new`."""

    file: str
    old: str
    new: str


class Leak(NamedTuple):
    """One mistake, the readers who profit from it, and how the source looks with it.

    `further` are arguments of the comparison that notices it.
    """

    name: str
    readers: tuple[str, ...]
    edits: tuple[Edit, ...]
    further: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        return self.name.replace(" ", "-")


class Outcome(NamedTuple):
    """Whether a leak was caught, and what the proof printed."""

    caught: bool
    output: str


def sow(leak: Leak, place: Path) -> Path:
    """Copy the package and its layouts below `place`, make the mistake, and give the folder to import from."""
    package = place / "src" / "heliograph"
    shutil.copytree(Path(heliograph.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    if not (package / "defaults").exists():
        (place / "layouts").symlink_to(resources.defaults() / "layouts")
    for file, text in changed(leak).items():
        (package / file).write_text(text, encoding="utf-8")
    return place / "src"


def changed(leak: Leak) -> dict[str, str]:
    """Give the source of each file in which the mistake is made, with the mistake; AssertionError if it has gone."""
    package, found = Path(heliograph.__file__).parent, dict[str, str]()
    for edit in leak.edits:
        text = found[edit.file] if edit.file in found else (package / edit.file).read_text(encoding="utf-8")
        assert edit.old in text, f"{leak.name}: {edit.file} no longer holds {edit.old!r}"
        found[edit.file] = text.replace(edit.old, edit.new, 1)
    return found


def hunt(leak: Leak, place: Path, worlds: int = 40) -> Outcome:
    """Run the proof against a copy with the mistake, until a reader can tell two worlds apart."""
    environment = _importing(sow(leak, place))
    readers = [word for reader in leak.readers for word in ("--reader", reader)]
    options = ["--first", "--seed", "sown", "--worlds", str(worlds), *leak.further]
    command = [sys.executable, "-m", "proof.compare", *options, *readers]
    done = subprocess.run(command, cwd=TESTS, env=environment, capture_output=True, text=True, check=False)
    return Outcome(CAUGHT in done.stdout, done.stdout + done.stderr)


def hunt_in_company(leak: Leak, place: Path, worlds: int = 3) -> bool:
    """Look for a world in which what a reader gets depends on whom else was built for before."""
    environment = _importing(sow(leak, place))
    return any(depends_on_company(leak.readers[0], f"sown-{number}", environment) for number in range(worlds))


def _importing(source: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{source}{os.pathsep}{TESTS}", "PYTHONDONTWRITEBYTECODE": "1"}


def main() -> int:
    """Hunt every leak and print which were caught; end with 1 if one was not."""
    caught = 0
    for leak in (*LEAKS, *IN_COMPANY):
        with tempfile.TemporaryDirectory() as folder:
            found = hunt(leak, Path(folder)).caught if leak in LEAKS else hunt_in_company(leak, Path(folder))
        caught += found
        click.echo(f"{'caught' if found else 'MISSED'}  {leak.name}")
    click.echo(f"{caught} of {len(LEAKS) + len(IN_COMPANY)} leaks caught")
    return 0 if caught == len(LEAKS) + len(IN_COMPANY) else 1


_LABELS = "gate/labels.py"
_RELEASE = "gate/release.py"
_INCIDENT = "gate/incident.py"
_WORK = "gate/maintenance.py"
_PROJECT = "gate/project.py"
_DESK = "gate/desk.py"
_PIPELINE = "pipeline.py"
_POST = "correspondence.py"
_MINUTES = "render/digests/minutes.py"
_MACROS = "render/macros/files.py"
_FOREIGN = "load/translations.py"

_HIDDEN = "[one for one in incident.updates if one.at <= at]"
_INTERNAL_VIEW = 'self.view_of(Reader("internal")).incidents if policy.boundary == "external" else'

_PUBLIC_VIEW = "seen = self.gate.view_of(PUBLIC_READER)\n"
_RENAMED = """        told = [update for story in self._site.stories for update in story.updates]
        names = {{update.id: {} for number, update in enumerate(told)}}
        seen = structs.replace(seen, incidents=tuple(structs.replace(one, updates=tuple(structs.replace(
            update, id=names[update.id]) for update in one.updates)) for one in seen.incidents))
"""

_OUTWARD = "map(_outward, self._for_subscribers(audience, reader, seen))"
_OUTWARD_TO_ONE = "map(_outward, self._for_customer(audience, reader, seen))"


def _as_own(seen: str, reader: str = 'Reader("internal")', change: str = "") -> str:
    """Write what another reader sees, made to look as if it were `seen`; `change` are further fields of it."""
    return f"structs.replace(self._gate.view_of({reader}), reader={seen}.reader, customer={seen}.customer{change})"


def _sent_with(changes: str, of: str = "self._for_subscribers(audience, reader, seen)") -> str:
    """Write how messages go out with some fields changed; `known` are all incidents and works of colleagues by id."""
    return (
        "(structs.replace(one, outside=True, **({" + changes + "} if one.topics and one.topics[0].id in known else {}))"
        ' for inside in (self._gate.view_of(Reader("internal")),)'
        " for known in ({it.id: it for it in (*inside.incidents, *inside.maintenances)},)"
        f" for one in {of})"
    )


_IMPORT_TURNS = "from heliograph.render.digests.news import turning_points\n"
_MACROS_KNOW = (
    (_PIPELINE, "macro_artifacts(seen, ", 'macro_artifacts(self.gate.view_of(Reader("support")), seen, '),
    (_MACROS, "def macro_artifacts(view: View,", "def macro_artifacts(inside: View, view: View,"),
    (_MACROS, "_files(told, layouts)", "_files(inside, told, layouts)"),
    (_MACROS, "def _files(view: View,", "def _files(inside: View, view: View,"),
)
_EXEC, _GLOBEX = 'Reader("exec")', 'Reader("strategic", "globex")'
_LETTERS = "self._for_customer(audience, reader, seen)"
_ALL_SAID = "known[one.topics[0].id].updates"


def _leak(name: str, readers: str, *edits: tuple[str, str, str]) -> Leak:
    return Leak(name, tuple(readers.split()), tuple(Edit(*edit) for edit in edits))


def _leak_in_record(name: str, readers: str, *edits: tuple[str, str, str]) -> Leak:
    """A mistake that shows only where it is known who was told what."""
    return _leak(name, readers, *edits)._replace(further=("--record",))


LEAKS: tuple[Leak, ...] = (
    # Who may read what
    _leak(
        "customers read one another",
        "globex",
        (
            _LABELS,
            '(f"{CUSTOMER_PREFIX}{customer}", STRATEGIC)',
            '(*(f"customer:{one}" for one in self._customers), STRATEGIC)',
        ),
    ),
    _leak(
        "any customer label opens any other",
        "globex",
        (
            _LABELS,
            "return label in self.clearance",
            'return label in self.clearance or (label[:9] == "customer:" and any(c[:9] == "customer:" for c in self.clearance))',
        ),
    ),
    _leak(
        "labels compared by how they begin",
        "globex",
        (_LABELS, "return label in self.clearance", "return any(label.startswith(one) for one in self.clearance)"),
    ),
    _leak(
        "the public reads strategic",
        "public",
        (_LABELS, "clearance=frozenset((PUBLIC, *addressed))", "clearance=frozenset((PUBLIC, STRATEGIC, *addressed))"),
    ),
    _leak("macros read support", "macros", (_LABELS, "MACROS_READER, (SAY,)", 'MACROS_READER, (SAY, "support")')),
    _leak(
        "every insider reads internal",
        "frontdesk",
        (
            _LABELS,
            "clearance=frozenset((PUBLIC, audience.id, *seen))",
            'clearance=frozenset((PUBLIC, audience.id, "internal", *seen))',
        ),
    ),
    _leak(
        "colleagues read what executives do",
        "internal",
        (
            _LABELS,
            "clearance=frozenset((PUBLIC, audience.id, *seen))",
            'clearance=frozenset((PUBLIC, audience.id, "exec", *seen))',
        ),
    ),
    # Words
    _leak(
        "a filter forgotten where words are chosen",
        "internal",
        (
            _RELEASE,
            "readable = [passage for passage in passages if policy.reads(passage.label)]",
            "readable = list(passages)",
        ),
    ),
    _leak(
        "what an audience wants shown is ignored together with its rights",
        "public",
        (
            _RELEASE,
            "chosen = own or [passage for passage in readable if passage.label == PUBLIC]",
            "chosen = list(passages)",
        ),
    ),
    _leak(
        "words for one customer pass for words addressed to all",
        "globex macros",
        (
            _RELEASE,
            "chosen = [passage for passage in readable if passage.label == PUBLIC or passage in own]",
            "chosen = [one for one in passages if one.label in (PUBLIC, *policy.addressed) or one.label[:9] == 'customer:']",
        ),
    ),
    _leak(
        "a label is mixed up when a passage is addressed",
        "public globex",
        (
            _RELEASE,
            "addressed=passage.label in policy.addressed",
            "addressed=len(own) < len([*passages])",
        ),
    ),
    # One incident
    _leak(
        "the first title written is shown",
        "public globex",
        (
            _INCIDENT,
            "chosen = next((readable[label] for label in policy.ranking if label in readable), None)",
            "chosen = next(iter(titles), None) if readable else None",
        ),
    ),
    _leak(
        "links unfiltered",
        "public internal frontdesk",
        (_INCIDENT, "for link in links if policy.reads(link.label))", "for link in links)"),
    ),
    _leak("facts unfiltered", "public internal exec", (_INCIDENT, "if policy.reads(kind.label):", "if kind:")),
    _leak(
        "facts that may not be read leave their names",
        "public frontdesk",
        (
            _INCIDENT,
            "return tuple(newest[fact] for fact in labels.fact if fact in newest)",
            (
                "newest |= {one.id: view.Fact(id=one.id, name=one.name, value='', unit='', as_of=known[0].viewed.at)\n"
                "               for one in labels.fact.values() if not policy.reads(one.label)}\n"
                "    return tuple(newest[fact] for fact in labels.fact if fact in newest)"
            ),
        ),
    ),
    _leak(
        "asks unfiltered",
        "internal exec frontdesk",
        (_INCIDENT, "if not policy.reads(ask.label):", "if not ask.label:"),
    ),
    _leak(
        "decisions unfiltered",
        "internal exec frontdesk",
        (_INCIDENT, "if decision and policy.reads(decision.label)", "if decision"),
    ),
    _leak(
        "a filter of updates forgotten",
        "public globex",
        (_INCIDENT, "if not policy.reads(update.audience):", "if not update.audience:"),
    ),
    _leak(
        "an update is known when any of its passages is",
        "globex macros support",
        (
            _INCIDENT,
            "if not policy.reads(update.audience):",
            "if not policy.reads(update.audience) and not any(one.place.line % 2 for one in update.passages):",
        ),
    ),
    _leak(
        "what a component was comes from hidden updates",
        "public",
        (
            _INCIDENT,
            "        if not policy.reads(update.audience):\n",
            (
                "        if not policy.reads(update.audience):\n"
                "            states.update((one.component, one.state) for one in update.claims"
                " if policy.reads(labels.component[one.component]))\n"
            ),
        ),
    ),
    _leak(
        "hidden updates set when it was last updated",
        "public",
        (_INCIDENT, "updated_at=max(newest_instant(said),", f"updated_at=max(max(one.at for one in {_HIDDEN}),"),
    ),
    _leak(
        "hidden updates set since when it is watched",
        "public",
        (
            _INCIDENT,
            'monitoring_at=next((when for what, when in reversed(statuses) if what == "monitoring"), None)',
            f'monitoring_at=next((one.at for one in reversed({_HIDDEN}) if one.status == "monitoring"), None)',
        ),
    ),
    _leak(
        "hidden updates decide the status",
        "public",
        (
            _INCIDENT,
            "statuses = [(one.viewed.status, one.viewed.at) for one in said if one.viewed.status]",
            f"statuses = [(one.status, one.at) for one in {_HIDDEN} if one.status]",
        ),
    ),
    _leak(
        "a promise is taken from a hidden update",
        "public",
        (
            _INCIDENT,
            "promise = None if resolved_at else promised(policy, said, labels)",
            f"promise = None if resolved_at else ([one.next_update for one in {_HIDDEN}][-1])",
        ),
    ),
    _leak(
        "severity decides when the next word is due",
        "public",
        (
            _INCIDENT,
            "promise = None if resolved_at else promised(policy, said, labels)",
            (
                "promise = None if resolved_at else promised(policy, said, labels)\n"
                '    if promise and any(one.severity == "sev1" for one in incident.updates):\n'
                "        promise = said[-1].viewed.at"
            ),
        ),
    ),
    _leak(
        "severity decides the impact",
        "public",
        (
            _INCIDENT,
            "impact=_impact(said),",
            'impact="critical" if any(one.severity == "sev1" for one in incident.updates) else _impact(said),',
        ),
    ),
    _leak(
        "an override by a hidden update decides the impact",
        "public",
        (
            _INCIDENT,
            "impact=_impact(said),",
            f"impact=next((one.impact for one in {_HIDDEN} if one.impact), None) or _impact(said),",
        ),
    ),
    _leak(
        "hidden claims decide what needs approval",
        "public",
        (
            _INCIDENT,
            'rules.get(key or "", ())',
            (
                'rules.get((key if policy.boundary == "internal" or not told.authored.claims else'
                ' IMPACT_OF_STATE[max((one.state for one in told.authored.claims), key=gravity)]) or "", ())'
            ),
        ),
    ),
    _leak(
        "a word to some keeps what was promised to all",
        "public",
        (
            _INCIDENT,
            "promise = None if resolved_at else promised(policy, said, labels)",
            "promise = None if resolved_at else promised(policy, known, labels)",
        ),
        (_INCIDENT, "if to_all or one.authored", "if one.authored.audience == PUBLIC or one.authored"),
    ),
    _leak(
        "an override by a hidden update decides what needs approval",
        "public globex",
        (
            _INCIDENT,
            "        roles = _roles_asked(policy, told, labels, severity, known)\n",
            (
                "        seen = [one for one in of.updates if one.at <= update.at and not policy.reads(one.audience)]\n"
                "        rules = labels.rules_for(policy.reader) if any(one.impact for one in seen) else {}\n"
                "        roles = next(iter(rules.values()), ()) or _roles_asked(policy, told, labels, severity, known)\n"
            ),
        ),
    ),
    _leak(
        "an override nobody outside was told of decides what needs approval",
        "public",
        (
            _INCIDENT,
            "before if one.speaks), told])",
            "before), told])",
        ),
    ),
    _leak(
        "hidden updates are counted in the title",
        "public",
        (_INCIDENT, "title=title.text.words,", 'title=f"{title.text.words} ({len(incident.updates)} updates)",'),
    ),
    _leak(
        "updates are numbered by their place among all",
        "public",
        (_PIPELINE, _PUBLIC_VIEW, _PUBLIC_VIEW + _RENAMED.format("str(number)")),
    ),
    _leak(
        "an update is known by its file",
        "public",
        (_PIPELINE, _PUBLIC_VIEW, _PUBLIC_VIEW + _RENAMED.format("update.place.file")),
    ),
    _leak(
        "corrections unfiltered",
        "public",
        (_INCIDENT, "if fix.at <= at and policy.reads(fix.label)", "if fix.at <= at"),
    ),
    _leak(
        "hidden passages of a postmortem are shown",
        "public",
        (
            _INCIDENT,
            "passages = release.words_for(policy, postmortem.passages)",
            "passages = tuple(view.Passage(markdown=text.words, addressed=False) for text in postmortem.passages)",
        ),
    ),
    _leak(
        "hidden work decides when planned work was announced",
        "public",
        (_WORK, "created_at=said[0].viewed.at,", "created_at=work.updates[0].at,"),
    ),
    # The whole view
    _leak(
        "hidden components are listed",
        "public",
        (_PROJECT, "if not policy.reads(component.label):", "if not component.label:"),
    ),
    _leak(
        "groups stand in order of how much is in them",
        "public",
        (
            _PROJECT,
            "for group in self._site.groups if group.id in grouped",
            (
                "for group in sorted(self._site.groups, key=lambda one: sum(it.group == one.id for it in self._site.components))"
                " if group.id in grouped"
            ),
        ),
    ),
    _leak(
        "components stand by their place among all",
        "public",
        (
            _PROJECT,
            "shown = []\n        for component in self._site.components:",
            "shown = []\n        for component in self._site.components[1::2] + self._site.components[::2]:",
        ),
    ),
    _leak(
        "an owner stands in for a missing description",
        "public",
        (_PROJECT, "description=component.description,", "description=component.description or component.owner,"),
    ),
    _leak(
        "what colleagues know decides a component's state",
        "public",
        (
            _PROJECT,
            "states = state.current_states(recent, works)",
            f"states = state.current_states({_INTERNAL_VIEW} recent, works)",
        ),
    ),
    _leak(
        "what colleagues know decides days and uptime",
        "public",
        (
            _PROJECT,
            "ledger = state.intervals(recent, works)",
            f"ledger = state.intervals({_INTERNAL_VIEW} recent, works)",
        ),
    ),
    _leak(
        "hidden incidents make months",
        "public",
        (
            _PROJECT,
            "months=state.months(incidents, works, self._zone),",
            (
                "months=state.months(incidents, works, self._zone) + tuple(view.Month(year=y, month=m, incidents=(),"
                " maintenances=()) for y, m in sorted({(one.started_at.year, one.started_at.month) for one in"
                " self._site.incidents} - {(one.started_at.year, one.started_at.month) for one in incidents})),"
            ),
        ),
    ),
    _leak(
        "incidents stand in order of their newest hidden word",
        "public",
        (
            _PROJECT,
            "return _newest_first((one for one in found if one), lambda one: one.started_at)",
            (
                "ends = {one.id: one.updates[-1].at for one in self._site.incidents}\n"
                "        return _newest_first((one for one in found if one), lambda one: ends[one.id])"
            ),
        ),
    ),
    _leak(
        "what began together stands in order of its folders",
        "public",
        (
            _PROJECT,
            "sorted(sorted(found, key=lambda one: one.id), key=began, reverse=True)",
            "sorted(found, key=began, reverse=True)",
        ),
    ),
    _leak(
        "pages unfiltered",
        "public",
        (
            _PROJECT,
            "if policy.reads(page.audience) and (passages := release.words_for(policy, page.passages))",
            "if (passages := tuple(view.Passage(markdown=text.words, addressed=False) for text in page.passages))",
        ),
    ),
    _leak(
        "hidden updates end a page's validity",
        "public",
        (
            _PROJECT,
            "for when in self._instants_ahead(policy, story))",
            "for when in (one.at for one in story.updates))",
        ),
    ),
    _leak(
        "an account for others ends a page's validity",
        "public",
        (_PROJECT, " and release.words_for(policy, account.passages):", ":"),
    ),
    _leak(
        "hidden work ends a page's validity",
        "public",
        (_PROJECT, "if work.id in shown:", "if work.id:"),
    ),
    _leak(
        "views are kept by audience and not by reader",
        "globex",
        (
            _PROJECT,
            "            self._views[reader, further] = self._project(policy)",
            (
                "            self._views[reader, further] = next((seen for (known, told), seen in self._views.items()"
                " if (known.audience, told) == (reader.audience, further)), None) or self._project(policy)"
            ),
        ),
    ),
    _leak(
        "what was made for one customer is reused for another",
        "globex",
        (
            _PROJECT,
            "rights = tuple((policy.reads(label), label in policy.addressed) for label in used)",
            "rights = tuple((policy.reads(label), label in policy.addressed) for label in used if label[:9] != 'customer:')",
        ),
    ),
    _leak(
        "passages are forgotten when rights are compared for reuse",
        "globex exec internal",
        (_PROJECT, "        used.update(passage.label for passage in update.passages)\n", ""),
    ),
    _leak(
        "outsiders are told where the internal page is",
        "public",
        (_PROJECT, "    url = settings.url\n", "    url = settings.internal_url or settings.url\n"),
    ),
    # Translations
    _leak(
        "a translation goes stale with any words of its original",
        "public globex",
        (
            _FOREIGN,
            'return "current" if _scalar(self._of.get(label)) == self._expected[label] else "stale"',
            (
                "fresh = all(_scalar(self._of[one]) == self._expected.get(one) for one in self._of)\n"
                '        return "current" if fresh else "stale"'
            ),
        ),
    ),
    _leak(
        "passages are paired with translations by place, not by label",
        "public",
        (
            _FOREIGN,
            "found = tuple(self._with(original, waiting.get(original.label)) for original in originals)",
            "found = tuple(self._with(one, list(told)[n : n + 1]) for n, one in enumerate(originals))\n        waiting = {}",
        ),
    ),
    _leak(
        "a translated title is shown whoever may read the original",
        "public globex",
        (
            _INCIDENT,
            "return words_of(policy, chosen) if chosen else None",
            (
                "ready = [one for title in titles for one in title.translations if one.state == 'current']\n"
                "    if chosen and policy.language and ready:\n"
                "        return Words(ready[0].text, policy.language)\n"
                "    return words_of(policy, chosen) if chosen else None"
            ),
        ),
    ),
    _leak(
        "translations of hidden passages come along",
        "public",
        (
            _RELEASE,
            "        for told in (words_of(policy, passage),)\n",
            (
                "        for told in (words_of(policy, passage), *(\n"
                "            words_of(policy, passage)._replace(text=one.text) for text in passages for one in text.translations"
                " if policy.language))\n"
            ),
        ),
    ),
    _leak(
        "pictures of translations that are not shown travel along",
        "public",
        (
            _RELEASE,
            "pictures=pictures_of(told.text) if told.text.pictures else (),",
            (
                "pictures=(*pictures_of(told.text), *(one for text in passages for other in text.translations"
                " for one in pictures_of(other.text))),"
            ),
        ),
    ),
    _leak(
        "an original is marked only where somebody has begun to translate",
        "public",
        (
            _RELEASE,
            "instead=told.instead,",
            "instead=told.instead if any(text.translations for text in passages) else None,",
        ),
    ),
    # What insiders' surfaces add
    _leak(
        "pictures of hidden passages travel along",
        "public internal",
        (
            _RELEASE,
            "pictures=pictures_of(told.text) if told.text.pictures else (),",
            "pictures=tuple(one for text in passages for one in pictures_of(text)),",
        ),
    ),
    _leak(
        "what insiders know nothing of ends what they see",
        "internal exec support",
        (
            _PROJECT,
            "        seen = self.view_of(reader)\n",
            "        seen = self.view_of(reader)\n        return self.next_word()\n",
        ),
        (
            _PROJECT,
            "    @cached_property\n    def next_change_at",
            (
                "    def next_word(self) -> datetime | None:\n"
                "        told = [one.at for story in self._site.stories for one in story.updates if one.at > self._at]\n"
                "        return min(told, default=None)\n\n"
                "    @cached_property\n    def next_change_at"
            ),
        ),
    ),
    _leak(
        "the timeline shows every line",
        "internal",
        (_DESK, " if self._policy.reads(text.label)", ""),
    ),
    _leak(
        "an empty entry betrays that there was a message",
        "frontdesk",
        (_DESK, "if self._insider or entry.lines or update.id in told:", "if entry:"),
    ),
    _leak(
        "who else reads a line is told to everyone inside",
        "frontdesk",
        (_DESK, " if self._insider or reader == self._policy.reader", ""),
    ),
    _leak(
        "severity reaches those who may not know it",
        "frontdesk",
        (
            _DESK,
            "for update in past if update.severity] if self._insider else []",
            "for update in past if update.severity]",
        ),
    ),
    # The pipeline
    _leak(
        "every customer is sent the first one's mail",
        "globex",
        (
            _POST,
            "digests.customer(seen, ",
            "digests.customer(self._gate.view_of(Reader(audience.id, self._site.customers[0].id)), ",
        ),
    ),
    _leak(
        "subscribers' mail is made from what colleagues see",
        "public",
        (_POST, "digests.subscribers(seen, ", f"digests.subscribers(({_as_own('seen[0]')},), "),
    ),
    _leak(
        "macros are made from what support sees",
        "macros",
        (
            _PIPELINE,
            "macro_artifacts(seen, self._layouts, told_in)",
            'macro_artifacts(self.gate.view_of(Reader("support")), self._layouts)',
        ),
    ),
    _leak(
        "public feeds are made from what colleagues see",
        "public",
        (_PIPELINE, "feeds.feeds(told)", 'feeds.feeds(self.gate.view_of(Reader("internal")))'),
    ),
    _leak(
        "the desk lies on the public page",
        "public",
        (
            _PIPELINE,
            "yield from public.site(seen, self._layouts, self._told_in)",
            'yield from internal.site(seen, self.gate.desk_of(Reader("internal")), self._layouts)',
        ),
    ),
    _leak(
        "a build id is made from the whole site",
        "public",
        (
            _PIPELINE,
            "yield from small.public(seen)",
            'yield from small.public(seen)\n        yield Artifact("build.txt", str(len(repr(self.gate._site))).encode())',
        ),
    ),
    _leak(
        "the public tree tells when anybody's page changes",
        "public",
        (_PIPELINE, "partial(self.gate.holds_until, PUBLIC_READER))", "lambda: self.gate.next_change_at)"),
    ),
    # What is told by mail and chat
    _leak(
        "a note for colleagues makes a notice due",
        "public",
        (_POST, _OUTWARD, _sent_with(f'"news": tuple(it.id for it in {_ALL_SAID})')),
    ),
    _leak(
        "a note for colleagues makes a customer's letter due",
        "globex",
        (_POST, _OUTWARD_TO_ONE, _sent_with(f'"news": tuple(it.id for it in {_ALL_SAID})', _LETTERS)),
    ),
    _leak(
        "a turn that only colleagues know of holds back no notice",
        "public",
        (_POST, _OUTWARD, _sent_with('"opens": turning_points(known[one.topics[0].id])')),
        (_POST, "from heliograph.render.layouts", _IMPORT_TURNS + "from heliograph.render.layouts"),
    ),
    _leak(
        "a notice bears the hour of a hidden word",
        "public",
        (_POST, _OUTWARD, _sent_with(f'"at": max(it.at for it in {_ALL_SAID})')),
    ),
    _leak(
        "notes are counted in the number of a notice",
        "public",
        (_POST, _OUTWARD, _sent_with(f'"number": len({_ALL_SAID})')),
    ),
    _leak(
        "a letter waits for an update that its reader may not know",
        "globex",
        (_POST, _OUTWARD_TO_ONE, _sent_with(f'"shows": {_ALL_SAID}[0].id', _LETTERS)),
    ),
    _leak(
        "severity is among what outsiders narrow by",
        "public globex",
        (
            _POST,
            "    return structs.replace(message, outside=True)",
            (
                "    return structs.replace(message, outside=True, topics=tuple(structs.replace(\n"
                '        one, severity=SEVERITY.get(one.id, "")) for one in message.topics))\n\n\n'
                "SEVERITY: dict[str, str] = {}"
            ),
        ),
        (
            _POST,
            "self._site, self._gate, self._layouts, self._at = site, gate, layouts, at",
            (
                "self._site, self._gate, self._layouts, self._at = site, gate, layouts, at\n"
                "        SEVERITY.update((story.id, one.severity) for story in site.stories for one in story.updates"
                " if one.severity and one.at <= at)"
            ),
        ),
    ),
    _leak(
        "a letter is made of what another customer sees",
        "globex",
        (
            _POST,
            "digests.customer(seen, ",
            f"digests.customer({_as_own('seen', 'Reader(audience.id, self._site.customers[0].id)')}, ",
        ),
    ),
    _leak(
        "a customer is written in the language of another",
        "globex",
        (_POST, "if one.id == reader.customer)", "if one)"),
    ),
    _leak(
        "notices are made of what customers of the company see",
        "public",
        (
            _POST,
            "digests.subscribers(seen, ",
            f"digests.subscribers(({_as_own('seen[0]', _GLOBEX)},), ",
        ),
    ),
    _leak(
        "what goes while the page is down is made of what colleagues see",
        "public",
        (
            _POST,
            "yield from digests.subscribers(seen, self._layouts)",
            (
                f"down = digests.subscribers(({_as_own('seen[0]')},), self._layouts)\n"
                "            alone = {one.topics[0].id: one.alone for one in down}\n"
                "            yield from (structs.replace(one, alone=alone.get(one.topics[0].id, one.alone))"
                " for one in digests.subscribers(seen, self._layouts))"
            ),
        ),
    ),
    _leak(
        "a closing letter's minutes are those that colleagues know",
        "globex",
        (_MINUTES, "_walk(incident, incident", "_walk(KNOWN.get(incident.id, incident), incident"),
        (_MINUTES, "def spans(", "KNOWN: dict[str, Incident] = {}\n\n\ndef spans("),
        (
            _POST,
            "            yield from digests.customer(",
            (
                "            from heliograph.render.digests import minutes\n\n"
                '            minutes.KNOWN |= {one.id: one for one in self._gate.view_of(Reader("internal")).incidents}\n'
                "            yield from digests.customer("
            ),
        ),
    ),
    _leak(
        "a customer is written of work that only colleagues know of",
        "globex",
        (
            _POST,
            "digests.customer(seen, ",
            'digests.customer(structs.replace(seen, maintenances=self._gate.view_of(Reader("internal")).maintenances), ',
        ),
    ),
    _leak(
        "the public's week is told from a colleague's desk",
        "public",
        (
            _POST,
            "self._weekly(audience, seen[0], None)",
            (
                'self._weekly(audience, seen[0], structs.replace(self._gate.desk_of(Reader("internal")),'
                ' reader="public", name="Us"))'
            ),
        ),
    ),
    _leak(
        "the public's week is what colleagues see of it",
        "public",
        (_POST, "self._weekly(audience, seen[0], None)", f"self._weekly(audience, {_as_own('seen[0]')}, None)"),
    ),
    _leak(
        "a customer's week is what colleagues see of it",
        "globex",
        (_POST, "self._weekly(audience, seen, None)", f"self._weekly(audience, {_as_own('seen')}, None)"),
    ),
    _leak(
        "a week tells everyone inside what colleagues know of it",
        "frontdesk",
        (_POST, "self._weekly(audience, seen, desk)", f"self._weekly(audience, {_as_own('seen')}, desk)"),
    ),
    _leak(
        "the public's channel is told what colleagues see",
        "public",
        (_POST, "chat(seen[0], None,", f"chat({_as_own('seen[0]')}, None,"),
    ),
    _leak(
        "colleagues' channel is told what executives read",
        "internal",
        (_POST, "chat(seen, desk,", f"chat({_as_own('seen', _EXEC, ', maintenances=()')}, desk,"),
    ),
    _leak(
        "every channel inside is told who holds which role",
        "frontdesk",
        (
            _POST,
            "chat(seen, desk,",
            (
                'chat(seen, structs.replace(desk, dossiers=(*self._gate.desk_of(Reader("internal")).dossiers,'
                " *desk.dossiers)),"
            ),
        ),
    ),
    _leak(
        "the executives' digest is made of what colleagues see",
        "exec",
        (
            _POST,
            "DIGESTS.get(audience.id, digests.general)(seen,",
            f"DIGESTS.get(audience.id, digests.general)({_as_own('seen')},",
        ),
    ),
    _leak(
        "what colleagues heard counts as heard by all inside",
        "frontdesk",
        (
            _POST,
            "(seen, desk, heard, self._layouts)",
            (
                "(seen, desk, tuple(sorted((Heard(at=it.at, updates=(it.id,))"
                ' for one in self._gate.view_of(Reader("internal")).incidents for it in one.updates),'
                " key=lambda one: one.at)), self._layouts)"
            ),
        ),
    ),
    _leak(
        "what is over for colleagues is told as over to all inside",
        "frontdesk",
        (
            _DESK,
            "late = [one for one in own.incidents if",
            'late = [one for one in views.view_of(Reader("internal")).incidents if',
        ),
    ),
    _leak(
        "replies reach those who may not read what they say",
        "frontdesk",
        (_PROJECT, " if policies[1].clearance <= policies[0].clearance else None", ""),
    ),
    _leak(
        "the replies of a digest are made of what executives see",
        "support",
        (_POST, "seen = self._gate.replies_for(Reader(audience.id))", 'seen = self._gate.view_of(Reader("exec"))'),
    ),
    _leak(
        "replies are taken away that only support could have had",
        "macros",
        *_MACROS_KNOW,
        (_MACROS, "gone = withdrawn(view, found)", "gone = withdrawn(inside, found)"),
    ),
    _leak(
        "a reply is taken away once support has another",
        "macros",
        *_MACROS_KNOW,
        (_MACROS, "gone = withdrawn(view, found)", "gone = withdrawn(view, macros(inside))"),
    ),
    _leak(
        "there is a reply for each phase that support knows of",
        "macros",
        *_MACROS_KNOW,
        (
            _MACROS,
            "macros(view) if macro.incident in whole)",
            (
                "macros(view) if macro.incident in whole\n"
                "        and (macro.incident, macro.phase) in {(one.incident, one.phase) for one in macros(inside)})"
            ),
        ),
    ),
    # Reading
    _leak(
        "a passage takes link definitions from its neighbours",
        "public",
        (
            "load/passages.py",
            "return Text(label=label, words=",
            (
                'shared = [line for line in body.text.split("\\n") if line.startswith("[") and "]: " in line]\n'
                '    return Text(label=label, words="\\n".join(shared) + "\\n\\n" + '
            ),
        ),
    ),
    _leak(
        "a word for one customer is read as one for all of them",
        "globex",
        (
            "load/passages.py",
            "self._label = word if fault is None else None",
            'self._label = "strategic" if word[:9] == "customer:" else word',
        ),
    ),
    _leak(
        "a file beside an update is for all customers",
        "globex",
        (
            "load/updates.py",
            "passages.read_undivided(frontmatter.whole(source), word,",
            'passages.read_undivided(frontmatter.whole(source), "strategic" if label == "public" else word,',
        ),
    ),
    _leak(
        "a marker after a closed passage brings back the first label",
        "public",
        (
            "load/passages.py",
            "        self._label = word if fault is None else None\n",
            "        self._label = 'public' if self._closed else word\n",
        ),
    ),
    # What is known of who was told what
    _leak_in_record(
        "what one customer heard counts as heard by another",
        "globex",
        (_PROJECT, "if Reader(one.audience, one.customer) == reader and", "if one.audience == reader.audience and"),
    ),
    _leak_in_record(
        "what anybody heard counts as heard by all",
        "public globex",
        (_PROJECT, "if Reader(one.audience, one.customer) == reader and", "if"),
    ),
    _leak_in_record(
        "what anybody heard counts as heard by colleagues",
        "frontdesk",
        (_PROJECT, "if Reader(one.audience, one.customer) == reader and", "if"),
    ),
    _leak_in_record(
        "everyone inside is told who was told",
        "frontdesk",
        (_DESK, "told=self._told(past) if self._insider else ()", "told=self._told(past)"),
    ),
)

IN_COMPANY: tuple[Leak, ...] = (
    _leak(
        "link definitions are remembered from one passage to the next",
        "public",
        ("render/markup.py", "tokens = _PARSER.parse(markdown)", "tokens = _PARSER.parse(markdown, _SHARED)"),
        ("render/markup.py", "def link_allowed(", "_SHARED: dict[str, object] = {}\n\n\ndef link_allowed("),
    ),
)
"""Mistakes that show only once others have been built for in the same process."""


if __name__ == "__main__":
    sys.exit(main())
