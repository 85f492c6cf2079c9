"""What each kind of reply says, in Markdown and without a greeting."""

from __future__ import annotations

from heliograph.render import sentences
from heliograph.render.macros.told import Told, begun, incident_address, maintenance_address, next_word, updated
from heliograph.render.tongue import Tongue
from heliograph.view import Incident, Maintenance, View


def reply(tongue: Tongue, view: View, incident: Incident, told: Told) -> str:
    """Answer whoever writes while it goes on."""
    public = sentences.without_echo(incident.title, told.public)
    return _paragraphs(
        sentences.lead_in(_since(tongue, view, incident), public),
        told.say,
        _promise(tongue, view, incident),
        tongue.gettext("I have linked your request to this problem and will write to you when it is solved."),
    )


def is_it_this(tongue: Tongue, view: View, incident: Incident, _told: Told) -> str:
    """Ask back whoever may mean this problem or another one: what, when and where."""
    names = {component.id: component.name for component in view.components}
    parts = [names[one] for one in incident.affected if one in names]
    asked = [
        tongue.gettext("what you did and what you saw; the exact words of a message help most"),
        tongue.gettext("when it happened, and in which time zone"),
    ]
    if parts:
        or_ = tongue.listing(map(sentences.literal, parts), "or")
        asked.append(tongue.gettext("whether it concerns %(parts)s, or something else", parts=or_))
    when = begun(tongue, incident, view.about.timezone)
    return _paragraphs(
        tongue.gettext("What you write about may be a problem that we know of."),
        _since(tongue, view, incident),
        "\n".join((tongue.gettext("Is it this? Please tell us:"), "", *(f"- {one}" for one in asked))),
        tongue.gettext("If it began before %(when)s, please say so: then we look for another cause.", when=when),
        tongue.gettext("What we know so far: %(address)s", address=_here(incident_address(view, incident))),
    )


def workaround(tongue: Tongue, view: View, incident: Incident, told: Told) -> str:
    """Tell what may be said to those who ask, such as what they can do meanwhile."""
    return _paragraphs(
        _since(tongue, view, incident),
        tongue.gettext("Until it is solved, please note:"),
        told.say,
        _promise(tongue, view, incident),
        tongue.gettext("I will write to you when it is solved."),
    )


def follow_up(tongue: Tongue, view: View, incident: Incident, told: Told) -> str:
    """Bring the newest update to those who had an answer already."""
    title = sentences.literal(sentences.after_colon(tongue, incident.title))
    news = tongue.gettext("There is news on the problem you wrote to us about: %(title)s", title=title)
    at = told.source.at if told.source else incident.updated_at
    when = updated(tongue, incident, at, view.about.timezone)
    return _paragraphs(
        sentences.sentence(news),
        sentences.lead_in(tongue.gettext("Our update of %(when)s:", when=when), told.public),
        told.say,
        _promise(tongue, view, incident),
        tongue.gettext("I will write to you again when it is solved."),
    )


def closing(tongue: Tongue, view: View, incident: Incident, told: Told) -> str:
    """Say that it is over."""
    end = incident.resolved_at or incident.updated_at
    period = sentences.period(tongue, incident.started_at, end, view.about.timezone)
    opening = sentences.told_was(tongue, incident.title, period)
    address = _here(incident_address(view, incident))
    if incident.postmortem:
        account = tongue.gettext("What happened, and what we change: %(address)s", address=address)
    else:
        account = tongue.gettext("What we said while it lasted: %(address)s", address=address)
    return _paragraphs(
        tongue.gettext("The problem you wrote to us about is solved."),
        sentences.lead_in(sentences.literal(opening), told.public),
        told.say,
        account,
        tongue.gettext("If you still see it, please reply to this message."),
    )


def planned(tongue: Tongue, view: View, work: Maintenance, told: Told) -> str:
    """Answer whoever asks about planned work, before it and while it goes on."""
    address = _here(maintenance_address(view, work))
    return _paragraphs(
        sentences.lead_in(sentences.literal(planned_opening(tongue, view, work)), told.public),
        told.say,
        tongue.gettext("Details, and any change of time: %(address)s", address=address),
        tongue.gettext("If you see anything other than this, please reply to this message."),
    )


def planned_opening(tongue: Tongue, view: View, work: Maintenance) -> str:
    """Say `Planned work: database upgrade. Wed 2 Dec, 02:00–03:30 UTC.`: true at any hour as it stands."""
    title = sentences.after_colon(tongue, work.title)
    window = tongue.window(work.start, work.end, view.about.timezone)
    said = (sentences.sentence(tongue.gettext("Planned work: %(title)s", title=title)), sentences.sentence(window))
    return " ".join(said)


def _since(tongue: Tongue, view: View, incident: Incident) -> str:
    when = begun(tongue, incident, view.about.timezone)
    return sentences.literal(sentences.told_since(tongue, incident.title, when))


def _promise(tongue: Tongue, view: View, incident: Incident) -> str:
    address = _here(incident_address(view, incident))
    by = next_word(tongue, incident, view.about.timezone)
    if not by:
        return tongue.gettext("Our next update will be here: %(address)s", address=address)
    return tongue.gettext("Our next update comes by %(when)s: %(address)s", when=by, address=address)


def _here(address: str) -> str:
    return f"<{address}>"


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
