"""What the second wall is given to look for: all that was written and a reader may not read by now, and nothing else."""

import msgspec
import pytest

from heliograph import model
from heliograph.gate import MACROS_READER, PUBLIC_READER, Gate
from proof.authored import (
    EXEC,
    GLOBEX,
    INITECH,
    INTERNAL,
    SOMEWHERE,
    VISITOR,
    at,
    audience,
    component,
    fact,
    incident,
    site,
    text,
    update,
    value,
    work,
)

OUTSIDERS = (PUBLIC_READER, MACROS_READER, GLOBEX, INITECH)
SIGNED = audience("public", signoff=(("critical", ("commander",)),))


def hidden(of, reader=PUBLIC_READER, when="15:00"):
    return {one.words for one in Gate(of, at(when)).withheld_from(reader)}


@pytest.mark.parametrize("reader", [*OUTSIDERS, VISITOR])
def test_names_of_facts_are_withheld_from_those_who_may_never_read_one(reader):
    told = site(facts=(fact("cost", "exec"), fact("affected", "public")))
    assert "Cost" in hidden(told, reader)
    assert "Affected" not in hidden(told, reader)
    assert "Cost" not in hidden(told, EXEC)


@pytest.mark.parametrize("reader", [*OUTSIDERS, VISITOR])
def test_what_severities_mean_is_withheld_from_those_who_may_not_read_internal(reader):
    told = site(severities=(model.Severity(id="sev1", name="Red alert", meaning="Money is at risk"),))
    assert {"Red alert", "Money is at risk"} <= hidden(told, reader)
    assert not {"Red alert", "Money is at risk"} & hidden(told, INTERNAL)


def test_who_decides_and_of_whom_something_is_asked_are_withheld_with_the_rest():
    told = site(
        incident(
            update(
                "14:05",
                decision=model.Decision(label="exec", what="Buy", at=at("16:00"), who="the board", place=SOMEWHERE),
                asks=(model.Ask(label="internal", what="Help", of="the night shift", met=False, place=SOMEWHERE),),
            )
        )
    )
    assert {"the board", "the night shift"} <= hidden(told)
    assert "the board" in hidden(told, INTERNAL)
    assert not {"the board", "the night shift"} & hidden(told, EXEC)


def test_a_groups_name_is_withheld_where_it_holds_hidden_components_only():
    groups = tuple(model.Group(id=one, name=one.title(), place=SOMEWHERE) for one in ("shop", "cellar", "empty"))
    parts = (
        component("checkout", group="shop"),
        component("till", "internal", group="shop"),
        component("ledger", "internal", group="cellar"),
    )
    told = site(groups=groups, components=parts)
    assert {"Cellar", "Till", "Ledger"} <= hidden(told)
    assert not {"Shop", "Empty"} & hidden(told)
    assert "Cellar" not in hidden(told, INTERNAL)


def test_who_is_answerable_inside_and_where_insiders_read_are_withheld_outside():
    told = site(audiences=(audience("exec", owner="board-liaison"),))
    settings = msgspec.structs.replace(told.settings, internal_url="https://inside.example")
    told = msgspec.structs.replace(told, settings=settings)
    assert {"board-liaison", "https://inside.example"} <= hidden(told)
    assert not {"board-liaison", "https://inside.example"} & hidden(told, INTERNAL)


def test_another_customers_keeper_is_withheld_from_a_customer():
    def keeps(identity, owner):
        return model.Customer(
            id=identity,
            name=identity.title(),
            components=(),
            locale="en",
            timezone="UTC",
            notice=None,
            owner=owner,
            place=SOMEWHERE,
        )

    both = audience("strategic", customers=(keeps("globex", "keeper-west"), keeps("initech", "keeper-east")))
    assert "keeper-east" in hidden(site(audiences=(both,)), GLOBEX)
    assert "keeper-west" not in hidden(site(audiences=(both,)), GLOBEX)


def test_what_is_dated_later_is_withheld_until_then():
    account = model.Postmortem(
        id="p", audience="public", at=at("18:00"), passages=(text("public", "Why it broke."),), place=SOMEWHERE
    )
    fixes = (model.Correction(label="public", at=at("14:30"), was="Old words.", place=SOMEWHERE),)
    told = site(
        incident(
            update("14:05", None, ("public", "Now."), corrected=fixes),
            update("14:20", "resolved", ("public", "Later."), facts=(value("delay", "9 h"),)),
            postmortem=account,
        ),
        facts=(fact("delay", "public"),),
    )
    assert {"Old words.", "Later.", "9 h", "Why it broke."} <= hidden(told, when="14:10")
    assert "Later." not in hidden(told, when="14:20")
    assert {"Old words.", "Why it broke."} <= hidden(told, when="14:20")
    assert not {"Old words.", "Later.", "9 h", "Why it broke."} & hidden(told, when="18:00")


def test_of_what_does_not_exist_for_a_reader_yet_even_the_title_is_withheld():
    link = model.Link(label="public", name="Room", url="https://meet.example/1", place=SOMEWHERE)
    told = site(incident(update("14:05", audience="internal"), update("14:30"), links=(link,)))
    assert {"Payments fail", "Room", "https://meet.example/1"} <= hidden(told, when="14:29")
    assert not {"Payments fail", "Room", "https://meet.example/1"} & hidden(told, when="14:30")
    assert "Upgrade" in hidden(site(work(update("20:00", "scheduled"))), when="19:59")
    assert "Upgrade" not in hidden(site(work(update("20:00", "scheduled"))), when="20:00")


def sealed(words, by=PUBLIC_READER):
    return model.Seal(
        audience=str(by),
        role="commander",
        by="someone",
        at=at("14:10"),
        passages=(text("public", words),),
        place=SOMEWHERE,
    )


def test_what_waits_for_approval_is_withheld_from_those_who_wait_for_it():
    claims = {"checkout": "major_outage"}
    bare = update("14:20", None, ("public", "New."), claims=claims, facts=(value("delay", "9 h"),))
    told = site(incident(update("14:05"), bare), audiences=(SIGNED,), facts=(fact("delay", "public"),))
    assert {"New.", "9 h"} <= hidden(told)
    assert {"New.", "9 h"} <= hidden(told, MACROS_READER)
    assert not {"New.", "9 h"} & hidden(told, GLOBEX)
    approved = msgspec.structs.replace(bare, seals=(sealed("New."),))
    assert not {"New.", "9 h"} & hidden(site(incident(approved), audiences=(SIGNED,), facts=(fact("delay", "public"),)))


def test_where_older_words_are_shown_the_newer_are_withheld_and_the_other_way_round():
    claims = {"checkout": "major_outage"}
    edited = update("14:20", None, ("public", "New."), claims=claims, seals=(sealed("Old."),))
    assert "New." in hidden(site(incident(edited), audiences=(SIGNED,)))
    assert "Old." not in hidden(site(incident(edited), audiences=(SIGNED,)))
    both = msgspec.structs.replace(edited, seals=(sealed("Old."), sealed("New.")))
    assert "Old." in hidden(site(incident(both), audiences=(SIGNED,)))
    assert "New." not in hidden(site(incident(both), audiences=(SIGNED,)))
