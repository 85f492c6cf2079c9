"""The files of all replies: to copy, to look through, and to feed to a help desk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Final

import msgspec

from heliograph.render.editions import folder, in_all_languages, within
from heliograph.render.layouts import Layouts
from heliograph.render.macros.desks import desk_artifacts
from heliograph.render.macros.macro import Macro, Phase, Withdrawn
from heliograph.render.macros.phases import macros
from heliograph.render.macros.table import table_artifact
from heliograph.render.macros.told import recent
from heliograph.render.macros.withdrawn import withdrawn
from heliograph.render.tongue import N_, Tongue, tongue
from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.view import Incident, Maintenance, View

_RULE: Final = "-" * 100

_HEADINGS: Final[dict[Phase, str]] = {
    "reply": N_("REPLY WHILE OPEN"),
    "is-it-this": N_("IS IT THIS?"),
    "workaround": N_("WORKAROUND"),
    "follow-up": N_("FOLLOW-UP"),
    "closing": N_("CLOSING REPLY"),
    "planned": N_("PLANNED WORK"),
}


def macro_artifacts(view: View, layouts: Layouts, told_in: Callable[[str], View] | None = None) -> Iterator[Artifact]:
    """Write each macro as `<incident>/<phase>.txt`, `.md` and `.html`, all of them for each help desk, and an index.

    `told_in` gives what the macros reader sees in a further language of the site: the same files then stand in a
    folder of its name, without the replies whose words nobody has translated. Without it there is the main one only.
    """
    for told in in_all_languages(view, told_in) if told_in else (view,):
        yield from within(folder(told.about), _files(told, layouts))


def _files(view: View, layouts: Layouts) -> Iterator[Artifact]:
    spoken = tongue(view.about.language)
    whole = _whole(view)
    found = tuple(macro for macro in macros(view) if macro.incident in whole)
    gone = withdrawn(view, found)
    for macro in found:
        header = headline(spoken, macro, view.about.timezone)
        given = {"macro": macro, "header": header, "rule": _RULE, "about": view.about}
        for kind in ("txt", "md", "html"):
            page = layouts.render(f"macro/macro.{kind}", spoken, **given)
            yield text_artifact(f"{macro.incident}/{macro.phase}.{kind}", page)
    yield from desk_artifacts(spoken, found, gone)
    yield table_artifact(spoken, found, gone)
    index = msgspec.json.encode(found, enc_hook=str)
    yield Artifact("index.json", msgspec.json.format(index, indent=2) + b"\n")
    headers = [headline(spoken, macro, view.about.timezone) for macro in found]
    told = layouts.render("macro/index.txt", spoken, headers=headers, withdrawn=_by_incident(gone), about=view.about)
    yield text_artifact("index.txt", told)


def _by_incident(gone: Iterable[Withdrawn]) -> list[str]:
    """Say on one line for each incident which of its replies are gone: `[k3x9q2mf] reply, is-it-this`."""
    grouped = groupby(gone, key=lambda one: one.incident)
    return [f"[{incident}] {', '.join(one.phase for one in ones)}" for incident, ones in grouped]


def _whole(view: View) -> frozenset[str]:
    """Name what is in one language, title and newest words: a reply in two helps nobody."""
    stories: tuple[Incident | Maintenance, ...] = (*view.incidents, *view.maintenances)
    return frozenset(
        one.id
        for one in stories
        if one.title_instead is None
        and all(passage.instead is None for update in recent(one.updates) for passage in update.passages)
    )


def headline(tongue: Tongue, macro: Macro, timezone: str) -> str:
    """Say in one line what a macro answers, from when its words are and how long they hold."""
    parts = [f"[{macro.incident}] {macro.title}", tongue.gettext(_HEADINGS[macro.phase])]
    until = macro.good_until
    if until is None and macro.phase == "closing":
        when = tongue.moment(macro.source_at, timezone)
    else:
        when = tongue.moment_beside(macro.source_at, until or macro.source_at, timezone)
    parts.append(_from(tongue, macro, when))
    if until is not None:
        parts.append(_holds(tongue, macro, tongue.moment_beside(until, macro.source_at, timezone)))
    return " · ".join(parts)


def _from(tongue: Tongue, macro: Macro, when: str) -> str:
    if macro.phase == "workaround":
        return tongue.gettext("from what may be said since %(when)s", when=when)
    return tongue.gettext("from public update %(when)s", when=when)


def _holds(tongue: Tongue, macro: Macro, until: str) -> str:
    """Say how long the words hold, or that they no longer do."""
    if macro.late:
        return tongue.gettext("LATE: newer words were due by %(when)s", when=until)
    return tongue.gettext("good until %(when)s", when=until)
