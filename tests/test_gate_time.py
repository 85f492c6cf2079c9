"""A view holds until the instant it names: shown on random worlds, for every reader, between that and now."""

import random
from datetime import timedelta

import msgspec
import pytest

from heliograph.gate import PUBLIC_READER, Gate
from proof.authored import (
    EXEC,
    INTERNAL,
    SECOND,
    SOMEWHERE,
    VISITOR,
    at,
    audience,
    desk,
    incident,
    rhythm,
    seen,
    site,
    text,
    update,
    work,
)
from proof.compare import usable


@pytest.mark.slow
@pytest.mark.parametrize("number", range(10))
def test_no_view_changes_before_it_says(number):
    world, of = usable(f"time-{number}")
    rng = random.Random(number)
    gate = Gate(of, world["at"])
    for reader in gate.readers:
        now = gate.view_of(reader)
        assert now.valid_until > world["at"]
        for instant in instants(rng, world["at"], now.valid_until):
            assert Gate(of, instant).view_of(reader) == now, f"{reader} at {instant}, {now.valid_until}"


def instants(rng, now, until):
    """The last second, and two instants somewhere before it."""
    seconds = int((until - now).total_seconds())
    return [until - SECOND, *(now + timedelta(seconds=rng.randrange(seconds)) for _ in range(2))]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(10))
def test_no_desk_changes_before_the_gate_says(number):
    world, of = usable(f"desk-{number}")
    gate = Gate(of, world["at"])
    for reader in gate.readers:
        if gate.readership.policy(reader).boundary == "internal":
            last = Gate(of, gate.holds_until(reader) - SECOND)
            assert last.desk_of(reader) == gate.desk_of(reader), str(reader)


@pytest.mark.slow
def test_most_of_what_is_foretold_comes_true():
    changed = total = 0
    for number in range(12):
        world, of = usable(f"come-true-{number}")
        gate = Gate(of, world["at"])
        for reader in gate.readers:
            now = gate.view_of(reader)
            then = Gate(of, now.valid_until).view_of(reader)
            total += 1
            changed += msgspec.structs.replace(now, valid_until=None) != msgspec.structs.replace(then, valid_until=None)
    assert changed > total * 0.5


@pytest.mark.parametrize(
    ("when", "until"),
    [("14:00", "14:05"), ("14:05", "14:35"), ("14:35", "15:00"), ("15:00", "15:10"), ("15:10", "22 00:00")],
)
def test_updates_promises_and_corrections_end_a_views_validity(when, until):
    from heliograph.model import Correction
    from heliograph.problems import Place

    told = incident(
        update("14:05", promise="30m"),
        update("15:00", corrected=(Correction(label="public", place=Place("x.md"), at=at("15:10"), was=""),)),
    )
    assert seen(site(told), when).valid_until == at(until)


def test_a_day_ends_at_midnight_of_the_sites_zone():
    assert seen(site(), "14:00").valid_until == at("22 00:00")
    assert seen(site(zone="Europe/Berlin"), "14:00").valid_until == at("23:00")


def test_what_is_hidden_ends_nothing():
    told = incident(
        update("14:05"), update("15:00", audience="internal"), titles={"public": "Payments fail", "internal": "db-7"}
    )
    hidden = work(update("13:00", audience="internal"), start="16:00", end="17:00", titles={"internal": "x"})
    assert seen(site(told, hidden), "14:10").valid_until == at("22 00:00")
    assert seen(site(told, hidden), "14:10", INTERNAL).valid_until == at("15:00")
    assert seen(site(told, hidden), "15:10", INTERNAL).valid_until == at("16:00")


def test_a_postmortem_whose_every_word_is_for_others_ends_nothing():
    from heliograph.model import Postmortem

    account = Postmortem(
        id="p", audience="public", at=at("18:00"), passages=(text("internal", "For us."),), place=SOMEWHERE
    )
    told = site(incident(update("14:05"), update("14:10", "resolved"), postmortem=account))
    assert seen(told, "15:00").valid_until == at("22 00:00")
    assert seen(told, "15:00", INTERNAL).valid_until == at("18:00")


def test_a_word_that_falls_due_to_anyone_ends_what_insiders_see():
    told = site(
        incident(update("14:05", severity="sev1")),
        audiences=(audience("exec", cadence=(("sev1", rhythm("10m", "20m")),)),),
    )
    assert not any(one.overdue for one in desk(told, "14:24").dossiers[0].due)
    assert any(one.overdue for one in desk(told, "14:25").dossiers[0].due)
    gate = Gate(told, at("14:10"))
    assert gate.holds_until(INTERNAL) == at("14:25")
    assert gate.holds_until(PUBLIC_READER) == at("22 00:00")


def test_what_an_insider_knows_nothing_of_ends_nothing_for_it():
    board = incident(update("15:00", audience="exec"), titles={"exec": "Money late"}, id="board")
    told = incident(update("14:05"), update("16:00", audience="exec"), titles={"public": "Payments fail"}, id="told")
    gate = Gate(site(board, told), at("14:10"))
    assert gate.holds_until(EXEC) == at("15:00")
    assert gate.holds_until(INTERNAL) == at("16:00")
    assert gate.holds_until(VISITOR) == at("22 00:00")


def test_the_site_changes_when_the_first_of_its_readers_does():
    told = incident(
        update("14:05"), update("15:00", audience="internal"), titles={"public": "Payments fail", "internal": "db-7"}
    )
    gate = Gate(site(told), at("14:10"))
    assert gate.next_change_at == at("15:00")
