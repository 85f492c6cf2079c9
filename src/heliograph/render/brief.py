"""Briefs: all that is open on one screen, for executives, for support's agents and for any other insiders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec

from heliograph.render.digests.case import Matter
from heliograph.render.front import by_gravity
from heliograph.render.layouts import Layouts
from heliograph.render.macros import Macro
from heliograph.render.pages import icon, logos, script, stylesheet
from heliograph.render.standing import Row, Standing, from_you, lead, passages, rows, wanted
from heliograph.render.tongue import tongue
from heliograph.render.voice import Voice, link, look
from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.view import Desk, Dossier, Incident, Passage, View

_FEW: Final = 5
"""So much planned work, and so many closing replies, are on a screen."""


class Case(msgspec.Struct, frozen=True):
    """One open problem on a screen: what it is called there, its severity's name, and rows below its newest words.

    `lead` says where it stands where those words do not; it may be empty.
    """

    incident: Incident
    title: str
    severity: str
    lead: str
    passages: tuple[Passage, ...]
    rows: tuple[Row, ...]


class Help(msgspec.Struct, frozen=True):
    """One open problem for an agent: what customers were told and when, advice for agents alone, replies to copy.

    The first of `replies` answers whoever asks; the others are for later, or for those who may mean something else.
    """

    incident: Incident
    said: str
    said_at: datetime | None
    advice: tuple[Passage, ...]
    replies: tuple[Macro, ...]


def executive(view: View, desk: Desk, layouts: Layouts) -> Iterator[Artifact]:
    """Yield the executives' screen: the bottom line, what is asked of them, facts, state, what we said, what comes.

    Problems are called what customers know them by.
    """
    cases = [
        _case(standing, standing.matter.public_title, (from_you(standing), *rows(standing)))
        for standing in _standings(view, desk)
    ]
    yield from _screen(view, desk, layouts, cases)


def general(view: View, desk: Desk, layouts: Layouts) -> Iterator[Artifact]:
    """Yield the same screen for other insiders, of whom something is asked more rarely."""
    cases = [
        _case(standing, standing.incident.title, (*wanted(standing), *rows(standing)))
        for standing in _standings(view, desk)
    ]
    yield from _screen(view, desk, layouts, cases)


def support(view: View, desk: Desk, macros: Sequence[Macro], layouts: Layouts) -> Iterator[Artifact]:
    """Yield the agents' screen: what customers were told, what is meant for agents alone, replies to copy and say."""
    dossiers = {dossier.id: dossier for dossier in desk.dossiers}
    replies: dict[str, list[Macro]] = {}
    for macro in macros:
        replies.setdefault(macro.incident, []).append(macro)
    helps = [
        _help(incident, dossiers.get(incident.id), tuple(replies.get(incident.id, ())))
        for incident in by_gravity(view.open_incidents)
    ]
    closing, ahead = (tuple(one for one in macros if one.phase == phase)[:_FEW] for phase in ("closing", "planned"))
    yield from _printed(view, layouts, "brief/support.html", helps=helps, closing=closing, ahead=ahead)


def _standings(view: View, desk: Desk) -> Iterator[Standing]:
    """Pair what this audience asked to hear of with its dossier, gravest first."""
    dossiers = {dossier.id: dossier for dossier in desk.dossiers if dossier.id in set(desk.relevant)}
    voice = _voice(view)
    for incident in by_gravity(view.open_incidents):
        dossier = dossiers.get(incident.id)
        if dossier is not None:
            yield Standing(Matter(view=view, incident=incident, desk=desk, dossier=dossier, heard=()), voice)


def _case(standing: Standing, title: str, told: tuple[Row, ...]) -> Case:
    return Case(standing.incident, title, standing.matter.severity, lead(standing), passages(standing), told)


def _screen(view: View, desk: Desk, layouts: Layouts, cases: Sequence[Case]) -> Iterator[Artifact]:
    """Print what this audience asked to hear of in full, and name everything else that is open."""
    told = {case.incident.id for case in cases}
    others = [incident for incident in by_gravity(view.open_incidents) if incident.id not in told]
    yield from _printed(view, layouts, "brief/screen.html", desk=desk, cases=cases, others=others)


def _help(incident: Incident, dossier: Dossier | None, replies: tuple[Macro, ...]) -> Help:
    said = dossier.said[0] if dossier is not None and dossier.said else None
    advised = (tuple(passage for passage in update.passages if passage.addressed) for update in incident.updates)
    advice = next((passages for passages in advised if passages), ())
    return Help(incident, said.markdown if said else "", said.at if said else None, advice, replies)


def _printed(view: View, layouts: Layouts, layout: str, **given: object) -> Iterator[Artifact]:
    style = stylesheet(layouts.source("web/style.css") + layouts.source("brief/style.css"), view.about.theme)
    running, voice = script(layouts), _voice(view)
    page = layouts.render(
        layout,
        voice.tongue,
        **given,
        about=view.about,
        voice=voice,
        stylesheet=style.path,
        script=running.path,
        icon=icon(layouts),
        opened=len(view.open_incidents),
        planned=(*view.maintenance_in("active"), *view.maintenance_in("upcoming"))[:_FEW],
        last=next((incident for incident in view.incidents if not incident.is_open), None),
        link=link,
        look=look,
    )
    yield style
    yield running
    yield from (Artifact(f"assets/{file}", data) for file, data in sorted(logos(view.about).items()))
    yield text_artifact("favicon.svg", layouts.source("web/favicon.svg"))
    yield text_artifact("index.html", page)


def _voice(view: View) -> Voice:
    names = {component.id: component.name for component in view.components}
    return Voice(view.about.timezone, names, tongue(view.about.language))
