"""How states and claims are said to people: one place, so that a page, a feed and a mail agree."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from heliograph.render.tongue import N_, Tongue
from heliograph.terms import COMPONENT_STATES, ComponentState
from heliograph.view import Claim, Passage

STATE_WORDS: Final[dict[ComponentState, str]] = {
    "operational": N_("working normally"),
    "under_maintenance": N_("planned work"),
    "degraded_performance": N_("degraded"),
    "partial_outage": N_("partial outage"),
    "major_outage": N_("outage"),
}

STATUS_WORDS: Final = {
    "investigating": N_("Investigating"),
    "identified": N_("Identified"),
    "monitoring": N_("Monitoring"),
    "resolved": N_("Resolved"),
    "postmortem": N_("Postmortem"),
    "scheduled": N_("Scheduled"),
    "in_progress": N_("In progress"),
    "verifying": N_("Verifying"),
    "completed": N_("Completed"),
    "cancelled": N_("Cancelled"),
}

ROLES: Final = {
    "commander": N_("commander"),
    "customer_liaison": N_("customer liaison"),
    "communications": N_("communications"),
    "customers": N_("customers"),
    "operations": N_("operations"),
    "scribe": N_("scribe"),
}
"""Roles that most teams have."""


def status_word(tongue: Tongue, status: str | None) -> str:
    """Name a status for people; a note is an "Update"."""
    return tongue.gettext(STATUS_WORDS[status]) if status else tongue.gettext("Update")


def state_word(tongue: Tongue, state: ComponentState) -> str:
    """Say a component's state: `degraded`."""
    return tongue.gettext(STATE_WORDS[state])


def state_words(tongue: Tongue) -> dict[ComponentState, str]:
    """Say all states of components."""
    return {state: state_word(tongue, state) for state in STATE_WORDS}


def count(number: int, one: str, many: str) -> str:
    """Say how many, in English: `1 problem`, `2 problems`. For terminals; pages have plurals of their own."""
    return f"{number} {one if number == 1 else many}"


def problems(tongue: Tongue, number: int) -> str:
    """Say how many problems there are: `2 problems`."""
    return tongue.ngettext("%(num)s problem", "%(num)s problems", number)


def problems_now(tongue: Tongue, number: int) -> str:
    """Say how many problems there are now, as a heading: `2 problems now`."""
    return tongue.ngettext("%(num)s problem now", "%(num)s problems now", number)


def worst_first(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """Order claims by gravity, keeping the site's order among equals; what works normally is left out."""
    grave = [claim for claim in claims if claim.state != "operational"]
    return tuple(sorted(grave, key=lambda claim: -COMPONENT_STATES.index(claim.state)))


def states_headline(tongue: Tongue, claims: Sequence[Claim], names: dict[str, str]) -> str:
    """Say which parts are in what state: `Checkout and API degraded; Search outage`."""
    by_state = groupby(worst_first(claims), key=lambda claim: claim.state)
    return tongue.series(
        tongue.gettext(
            "%(parts)s %(state)s",
            parts=tongue.listing(names[claim.component] for claim in claims_of_state),
            state=state_word(tongue, state),
        )
        for state, claims_of_state in by_state
    )


def affected(tongue: Tongue, claims: Sequence[Claim], names: dict[str, str]) -> str:
    """List what is not working normally, worst first: `Checkout (degraded), API (degraded)`; may be empty."""
    return ", ".join(f"{names[claim.component]} ({state_word(tongue, claim.state)})" for claim in worst_first(claims))


def part_state(tongue: Tongue, name: str, state: ComponentState) -> str:
    """Say the state of one part: `Checkout: degraded`."""
    return tongue.gettext("%(part)s: %(state)s", part=name, state=state_word(tongue, state))


def joined(passages: Sequence[Passage]) -> str:
    """Join passages into one Markdown text, in their order."""
    return "\n\n".join(passage.markdown for passage in passages)


def claims_said(tongue: Tongue, claims: Sequence[Claim], names: dict[str, str]) -> str:
    """Say what an update claims, component by component: `Checkout: degraded; API: working normally.`."""
    return tongue.series(part_state(tongue, names[claim.component], claim.state) for claim in claims) + "."


def role_name(tongue: Tongue, role: str) -> str:
    """Name a role by its id; one that a site invented is called as it calls it."""
    return tongue.gettext(ROLES[role]) if role in ROLES else role.replace("_", " ")
