"""Who gets which words: clearances, titles, what is shown, facts and asks, approval, and what insiders get besides."""

import msgspec
import pytest

from heliograph import model
from heliograph.gate import MACROS_READER, PUBLIC_READER, Gate, Readership, explain, project, unreadable
from heliograph.problems import Place
from heliograph.record import Record, Told
from proof.authored import (
    EXEC,
    GLOBEX,
    INITECH,
    INTERNAL,
    SOMEWHERE,
    SUPPORT,
    VISITOR,
    at,
    audience,
    component,
    desk,
    fact,
    incident,
    only,
    rhythm,
    seen,
    site,
    text,
    update,
    value,
    work,
)

ALL_TITLES = {
    "public": "Payments fail",
    "internal": "db-7",
    "exec": "Money late",
    "support": "Say sorry",
    "customer:globex": "Your file",
}
SAID = (
    ("public", "For all."),
    ("say", "If asked."),
    ("strategic", "For large ones."),
    ("customer:globex", "For Globex."),
    ("customer:initech", "For Initech."),
    ("support", "For agents."),
    ("internal", "For us."),
    ("exec", "For the board."),
    ("frontdesk", "For the desk."),
)


def words(of, reader, when="15:00"):
    return [passage.markdown for one in only(of, when, reader).updates for passage in one.passages]


# Clearances


@pytest.mark.parametrize(
    ("reader", "reads"),
    [
        (PUBLIC_READER, {"public"}),
        (MACROS_READER, {"public", "say"}),
        (GLOBEX, {"public", "strategic", "customer:globex"}),
        (INITECH, {"public", "strategic", "customer:initech"}),
        (EXEC, {"public", "exec", "internal"}),
        (SUPPORT, {"public", "support", "internal", "say"}),
        (VISITOR, {"public", "frontdesk"}),
        (INTERNAL, {"public", "internal", "support", "say", "strategic", "customer:globex", "customer:initech"}),
    ],
)
def test_a_reader_reads_these_labels_and_no_others(reader, reads):
    assert Readership(site()).policy(reader).clearance == reads


def test_nothing_an_outsiders_file_says_widens_what_it_reads():
    wide = (
        audience("public", sees=("internal", "exec"), shows="all"),
        audience("strategic", sees=("internal",), shows="all"),
    )
    for reader in (PUBLIC_READER, MACROS_READER, GLOBEX):
        assert Readership(site(audiences=wide)).policy(reader) == Readership(site()).policy(reader)


def test_a_customers_label_is_compared_whole():
    from proof.authored import customer

    labs = audience("strategic", customers=(customer("globex", "checkout"), customer("globex-labs", "checkout")))
    told = site(
        incident(update("14:05", None, ("public", "For all."), ("customer:globex-labs", "For the labs."))),
        audiences=(labs,),
    )
    assert words(told, GLOBEX) == ["For all."]


# Words


@pytest.mark.parametrize(
    ("reader", "gets"),
    [
        (PUBLIC_READER, ["For all."]),
        (MACROS_READER, ["For all.", "If asked."]),
        (GLOBEX, ["For all.", "For large ones.", "For Globex."]),
        (INITECH, ["For all.", "For large ones.", "For Initech."]),
        (EXEC, ["For the board."]),
        (VISITOR, ["For the desk."]),
        (SUPPORT, ["For all.", "For agents."]),
        (
            INTERNAL,
            ["For all.", "If asked.", "For large ones.", "For Globex.", "For Initech.", "For agents.", "For us."],
        ),
    ],
)
def test_each_reader_is_shown_its_own_choice_of_what_it_may_read(reader, gets):
    assert words(site(incident(update("14:05", None, *SAID))), reader) == gets


@pytest.mark.parametrize(
    ("shows", "gets", "without_own"),
    [
        ("own-or-public", ["For the board."], ["For all."]),
        ("public-and-own", ["For all.", "For the board."], ["For all."]),
        ("all", ["For all.", "For us.", "For the board."], ["For all.", "For us."]),
    ],
)
def test_an_audience_is_shown_what_it_asked_for(shows, gets, without_own):
    wants = (audience("exec", shows=shows),)
    assert words(site(incident(update("14:05", None, *SAID)), audiences=wants), EXEC) == gets
    assert words(site(incident(update("14:05", None, *SAID[:-2])), audiences=wants), EXEC) == without_own


def test_words_for_a_reader_alone_are_told_from_words_for_everyone():
    (said,) = only(site(incident(update("14:05", None, *SAID))), "15:00", GLOBEX).updates
    assert [passage.addressed for passage in said.passages] == [False, True, True]


def test_an_update_that_says_nothing_to_a_reader_leaves_no_trace():
    told = site(incident(update("14:05"), update("14:30", None, ("internal", "For us."))))
    assert only(told, "15:00").updated_at == at("14:05")
    assert len(only(told, "15:00").updates) == 1
    assert len(only(told, "15:00", INTERNAL).updates) == 2


# Titles


@pytest.mark.parametrize(
    ("reader", "title"),
    [
        (PUBLIC_READER, "Payments fail"),
        (MACROS_READER, "Payments fail"),
        (INITECH, "Payments fail"),
        (GLOBEX, "Your file"),
        (EXEC, "Money late"),
        (SUPPORT, "Say sorry"),
        (VISITOR, "Payments fail"),
        (INTERNAL, "db-7"),
    ],
)
def test_a_reader_is_shown_the_most_specific_title_it_may_read(reader, title):
    assert only(site(incident(update("14:05"), titles=ALL_TITLES)), "15:00", reader).title == title


def test_without_a_title_an_incident_does_not_exist():
    told = site(incident(update("14:05", audience="internal"), titles={"internal": "db-7", "exec": "Money late"}))
    for reader in (PUBLIC_READER, MACROS_READER, GLOBEX, VISITOR):
        assert seen(told, "15:00", reader).incidents == ()
        assert seen(told, "15:00", reader).months == ()
    assert only(told, "15:00", INTERNAL).title == "db-7"


def test_a_title_alone_makes_no_incident():
    told = site(incident(update("14:05", audience="internal"), titles={"public": "Payments fail"}))
    assert seen(told, "15:00").incidents == ()


# Facts, asks, decisions, links


def test_a_fact_is_read_by_its_own_label_and_the_newest_value_counts():
    told = site(
        incident(
            update("14:05", facts=(value("affected", "10"), value("cost", "9"))),
            update("14:30", facts=(value("affected", "20"),)),
        ),
        facts=(fact("affected", "public"), fact("cost", "exec")),
    )
    assert [(one.value, one.as_of) for one in only(told, "15:00").facts] == [("20", at("14:30"))]
    assert [one.value for one in only(told, "15:00", EXEC).facts] == ["20", "9"]
    assert [one.value for one in only(told, "14:10").facts] == ["10"]


def ask(label, what, *, met=False):
    return model.Ask(label=label, what=what, of="engineering", met=met, place=SOMEWHERE)


def test_an_ask_stands_since_it_was_first_made_until_it_is_met():
    told = site(
        incident(
            update("14:05", asks=(ask("internal", "a DBA"), ask("exec", "money"))),
            update("14:20", asks=(ask("internal", "a DBA"),)),
            update("14:40", asks=(ask("internal", "a DBA", met=True),)),
        )
    )
    assert [(one.what, one.since, one.met_at) for one in only(told, "14:30", INTERNAL).asks] == [
        ("a DBA", at("14:05"), None)
    ]
    assert [(one.what, one.met_at) for one in only(told, "14:40", EXEC).asks] == [
        ("a DBA", at("14:40")),
        ("money", None),
    ]
    assert only(told, "14:40").asks == ()


def test_the_newest_decision_that_a_reader_may_read_stands_until_the_end():
    def decision(label, what):
        return model.Decision(label=label, what=what, at=at("16:00"), who="commander", place=SOMEWHERE)

    told = site(
        incident(
            update("14:05", decision=decision("internal", "fail over")),
            update("14:20", decision=decision("exec", "tell the press")),
            update("15:30", "resolved"),
        )
    )
    assert only(told, "15:00", INTERNAL).decision.what == "fail over"
    assert only(told, "15:00", EXEC).decision.what == "tell the press"
    assert only(told, "15:00").decision is None
    assert only(told, "15:30", EXEC).decision is None


def test_links_and_pages_and_components_go_by_their_labels():
    link = model.Link(label="internal", name="War room", url="https://chat.corp.example/1", place=SOMEWHERE)
    page = model.Page(
        id="about",
        title="About",
        audience="public",
        passages=(text("public", "Open."), text("internal", "Closed.")),
        place=SOMEWHERE,
    )
    inner = model.Page(
        id="inner", title="Inner", audience="internal", passages=(text("internal", "Closed."),), place=SOMEWHERE
    )
    groups = tuple(model.Group(id=one, name=one.title(), place=SOMEWHERE) for one in ("shop", "cellar"))
    parts = (component("checkout", group="shop"), component("ledger", "internal", group="cellar"))
    told = site(incident(update("14:05"), links=(link,)), pages=(page, inner), components=parts, groups=groups)
    outside, inside = seen(told, "15:00"), seen(told, "15:00", INTERNAL)
    assert (outside.incidents[0].links, len(inside.incidents[0].links)) == ((), 1)
    assert [[one.markdown for one in shown.passages] for shown in outside.pages] == [["Open."]]
    assert [shown.id for shown in inside.pages] == ["about", "inner"]
    assert ([one.id for one in outside.components], [one.id for one in outside.groups]) == (["checkout"], ["shop"])
    assert [one.id for one in inside.groups] == ["shop", "cellar"]


def test_a_customers_view_names_the_components_it_uses_and_may_know():
    from proof.authored import customer

    uses = audience("strategic", customers=(customer("globex", "ledger", "api"), customer("initech")))
    found = seen(site(audiences=(uses,)), "15:00", GLOBEX).customer
    assert (found.id, found.components) == ("globex", ("api",))
    assert seen(site(audiences=(uses,)), "15:00").customer is None


# Corrections


def test_a_correction_shows_from_its_instant_on():
    fixes = (model.Correction(label="public", place=Place("x.md"), at=at("14:31"), was="Old words."),)
    told = site(incident(update("14:05", corrected=fixes)))
    assert (only(told, "14:30").updates[0].corrections, only(told, "14:30").updated_at) == ((), at("14:05"))
    (fix,) = only(told, "14:31").updates[0].corrections
    assert (fix.was, only(told, "14:31").updated_at) == ("Old words.", at("14:31"))


# Approval

SIGNED = audience("public", signoff=(("critical", ("commander",)),))


def sealed(*passages, role="commander", when="14:10", by=PUBLIC_READER):
    return model.Seal(
        audience=str(by),
        role=role,
        by="someone",
        at=at(when),
        passages=tuple(text(*one) for one in passages),
        place=SOMEWHERE,
    )


def awaiting(*seals, said=(("public", "New."),), claims=None):
    return site(
        incident(
            update("14:05", None, ("public", "Before.")),
            update(
                "14:20", "identified", *said, claims=claims or {"checkout": "major_outage"}, seals=seals, id="signed"
            ),
        ),
        audiences=(SIGNED,),
    )


def test_an_update_without_its_seal_is_withheld_whole_and_from_that_audience_alone():
    told = awaiting()
    assert (words(told, PUBLIC_READER), only(told, "15:00").status, only(told, "15:00").claims) == (
        ["Before."],
        "investigating",
        (),
    )
    assert words(told, GLOBEX) == ["New.", "Before."]
    assert [
        (one.update, one.audience, one.role, one.shown)
        for one in desk(told, "15:00").dossiers[0].pending
        if one.audience == "public"
    ] == [("signed", "public", "commander", "nothing")]


def test_what_the_page_waits_for_support_cannot_paste():
    assert words(awaiting(), MACROS_READER) == words(awaiting(), PUBLIC_READER) == ["Before."]


def test_sealed_words_are_shown():
    told = awaiting(sealed(("public", "New.")))
    assert words(told, PUBLIC_READER) == ["New.", "Before."]
    assert desk(told, "15:00").dossiers[0].pending == ()


def test_words_edited_since_give_way_to_the_newest_sealed_ones():
    told = awaiting(sealed(("public", "Older."), when="14:08"), sealed(("public", "Old.")))
    assert words(told, PUBLIC_READER) == ["Old.", "Before."]
    assert [one.shown for one in desk(told, "15:00").dossiers[0].pending] == ["sealed words"]


def test_a_seal_never_shows_what_its_reader_may_no_longer_read():
    told = awaiting(sealed(("public", "Old."), ("internal", "For us.")))
    assert words(told, PUBLIC_READER) == ["Old.", "Before."]
    assert words(awaiting(sealed(("internal", "For us."))), PUBLIC_READER) == ["Before."]


def test_a_seal_of_another_role_or_for_another_audience_counts_for_nothing():
    assert words(awaiting(sealed(("public", "New."), role="scribe")), PUBLIC_READER) == ["Before."]
    assert words(awaiting(sealed(("public", "New."), by=EXEC)), PUBLIC_READER) == ["Before."]


def test_what_needs_approval_outside_is_decided_by_what_is_seen_outside():
    assert words(awaiting(claims={"ledger": "major_outage"}), PUBLIC_READER) == ["New.", "Before."]
    assert words(awaiting(claims={"ledger": "major_outage", "api": "degraded_performance"}), PUBLIC_READER) == [
        "New.",
        "Before.",
    ]


def shown(*updates, reader=PUBLIC_READER, asking="critical"):
    """Minutes of those updates that a reader is shown, where one impact asks for approval."""
    rule = (audience("public", signoff=((asking, ("commander",)),)),)
    return [one.at.minute for one in only(site(incident(*updates), audiences=rule), "15:00", reader).updates]


def test_an_override_that_still_stands_decides_what_needs_approval():
    milder = update("14:10", claims={"checkout": "major_outage"}, impact="minor")
    assert shown(milder, update("14:20")) == [20, 10]
    approved = update(
        "14:10", None, ("public", "It is grave."), impact="critical", seals=(sealed(("public", "It is grave.")),)
    )
    assert shown(approved, update("14:20")) == [10]
    assert shown(approved, update("14:20", impact="none"), update("14:30")) == [30, 20, 10]


def test_what_was_withheld_decides_no_later_approval():
    grave = update("14:10", claims={"checkout": "major_outage"})
    assert shown(update("14:05"), grave, update("14:20"), update("14:30", "monitoring")) == [30, 20, 5]


def test_an_override_in_an_update_that_tells_a_reader_nothing_decides_no_approval():
    silent = update("14:10", None, ("internal", "For us."), impact="critical")
    assert shown(update("14:05"), silent, update("14:20")) == [20, 5]


def test_an_outage_told_only_as_over_needs_the_approval_its_impact_asks_for():
    whole = update("14:20", "resolved", claims={"checkout": "major_outage"})
    assert shown(update("14:05"), whole) == [5]


def test_what_needs_approval_inside_goes_by_severity():
    rule = (audience("exec", signoff=(("sev1", ("commander",)),)),)
    told = site(
        incident(update("14:05", severity="sev2"), update("14:20", severity="sev1"), update("14:40", severity="sev3")),
        audiences=rule,
    )
    assert [one.at for one in only(told, "15:00", EXEC).updates] == [at("14:40"), at("14:05")]
    assert len(only(told, "15:00", INTERNAL).updates) == 3


def test_withheld_words_are_not_on_their_audiences_timeline_either():
    rule = (audience("exec", signoff=(("sev1", ("commander",)),)),)
    told = site(
        incident(update("14:05", severity="sev2"), update("14:20", None, ("exec", "Not yet."), severity="sev1")),
        audiences=rule,
    )
    lines = [line.markdown for entry in desk(told, "15:00", EXEC).dossiers[0].timeline for line in entry.lines]
    assert "Not yet." not in lines


# Explain, unreadable, withheld


def test_explain_names_every_part_and_whom_it_reaches():
    told = incident(
        update(
            "14:05",
            None,
            ("public", "For all."),
            ("internal", "For us."),
            claims={"ledger": "major_outage"},
            severity="sev1",
        )
    )
    parts = {part.what + " " + part.label: part.readers for part in explain(site(told), told)}
    insiders = ("exec", "internal", "support")
    assert parts["passage internal"] == parts["state of ledger internal"] == parts["severity internal"] == insiders
    everyone = {"public", "macros", "customer:globex", "customer:initech", "exec", "frontdesk", "internal", "support"}
    assert set(parts["passage public"]) == set(parts["title public"]) == everyone


def test_a_part_that_some_of_its_readers_can_never_reach_is_found():
    told = incident(update("14:05", None, ("say", "If asked."), audience="internal"), titles={"internal": "db-7"})
    found = {(one.what, one.because): one.missing for one in unreadable(site(told))}
    assert found == {("passage", "its update's audience"): ("macros",), ("passage", "any title"): ("macros",)}


def test_what_everyone_can_reach_is_not_found():
    assert list(unreadable(site(incident(update("14:05", None, *SAID), titles=ALL_TITLES)))) == []


READABLE = ("Payments fail", "Public words.", "10 public")
SECRETS = (
    *("Secret title", "Secret passage", "Secret update", "Secret fact", "Secret ask", "Secret decision", "Secret room"),
    *(
        "https://secret.example/1",
        "secret-tag",
        "secret-team",
        "Secret correction",
        "Secret account",
        "Secret page",
        "Secret page words",
    ),
    *("secret-oncall", "https://secret.example/runbook", "https://secret.example/board", "Secret part", "Initech"),
)


def full_of_secrets():
    link = model.Link(label="internal", name="Secret room", url="https://secret.example/1", place=SOMEWHERE)
    decision = model.Decision(
        label="internal", what="Secret decision", at=at("16:00"), who="commander", place=SOMEWHERE
    )
    account = model.Postmortem(
        id="p", audience="internal", at=at("16:00"), passages=(text("internal", "Secret account"),), place=SOMEWHERE
    )
    page = model.Page(
        id="inner",
        title="Secret page",
        audience="internal",
        passages=(text("internal", "Secret page words"),),
        place=SOMEWHERE,
    )
    told = incident(
        update(
            "14:05",
            None,
            ("public", "Public words."),
            ("internal", "Secret passage"),
            facts=(value("affected", "10 public"), value("cost", "Secret fact")),
            asks=(ask("internal", "Secret ask"),),
            decision=decision,
            roles=(("commander", "secret-team"),),
        ),
        update(
            "14:20",
            None,
            ("internal", "Secret update"),
            audience="internal",
            corrected=(model.Correction(label="public", place=Place("x.md"), at=at("14:30"), was="Secret correction"),),
        ),
        titles={"public": "Payments fail", "internal": "Secret title"},
        links=(link,),
        tags=("secret-tag",),
        postmortem=account,
    )
    parts = (
        component(
            "checkout",
            owner="secret-oncall",
            runbook="https://secret.example/runbook",
            dashboards=("https://secret.example/board",),
        ),
        msgspec.structs.replace(component("ledger", "internal"), name="Secret part"),
    )
    return site(told, components=parts, facts=(fact("affected", "public"), fact("cost", "internal")), pages=(page,))


def withheld(of, reader, when="23:00"):
    return Gate(of, at(when)).withheld_from(reader)


def test_everything_that_is_not_readable_is_withheld_and_nothing_that_is():
    found = {hidden.words for hidden in withheld(full_of_secrets(), PUBLIC_READER)}
    assert set(SECRETS) <= found
    assert not found & set(READABLE)


def test_a_customer_is_not_withheld_from_itself():
    told = full_of_secrets()
    assert "Initech" in {hidden.words for hidden in withheld(told, GLOBEX)}
    assert "Initech" not in {hidden.words for hidden in withheld(told, INITECH)}


def test_from_insiders_only_what_is_not_theirs_is_withheld():
    told = site(incident(update("14:05", None, *SAID)))
    assert {hidden.words for hidden in withheld(told, INTERNAL)} == {"For the board.", "For the desk."}


def test_what_hides_words_never_prints_them():
    (hidden, *_) = withheld(full_of_secrets(), PUBLIC_READER)
    assert hidden.words not in repr(hidden)
    assert "Words." not in repr(update("14:05"))


# The desk


def test_outsiders_have_no_desk():
    for reader in (PUBLIC_READER, MACROS_READER, GLOBEX):
        with pytest.raises(ValueError, match="outsider"):
            Gate(site(), at("15:00")).desk_of(reader)
        assert project(site(), reader, at("15:00"))[1] is None


def told_inside():
    return site(
        incident(
            update("14:05", "investigating", severity="sev2", roles=(("commander", "platform"),)),
            update(
                "14:20", None, ("internal", "For us."), ("exec", "For the board."), severity="sev1", audience="public"
            ),
            update("14:30", severity="sev1", roles=(("commander", "payments"),)),
            tags=("db",),
        ),
        severities=(model.Severity(id="sev1", name="SEV1", meaning="Bad"),),
        components=(
            component("checkout", owner="payments-oncall"),
            component("ledger", "internal", owner="books-oncall"),
        ),
        audiences=(
            audience("internal", cadence=(("sev1", rhythm("10m", "20m")),)),
            audience("public", cadence=(("none", rhythm("10m", "1h")),)),
        ),
    )


def test_insiders_are_told_severity_roles_and_tags_as_they_stand():
    (dossier,) = desk(told_inside(), "15:00").dossiers
    assert (dossier.severity, dossier.severity_since, dossier.roles, dossier.tags) == (
        "sev1",
        at("14:20"),
        (("commander", "payments"),),
        ("db",),
    )
    (before,) = desk(told_inside(), "14:10").dossiers
    assert (before.severity, before.roles) == ("sev2", (("commander", "platform"),))


def test_a_reader_inside_that_may_not_read_internal_is_told_none_of_it():
    found = desk(told_inside(), "15:00", VISITOR)
    (dossier,) = found.dossiers
    assert (found.severities, found.owners) == ((), ())
    assert (dossier.severity, dossier.severity_since, dossier.roles, dossier.tags) == (None, None, (), ())
    assert (dossier.coverage, dossier.due, dossier.pending, dossier.told) == ((), (), (), ())


def test_the_timeline_shows_an_insider_what_it_may_read_and_who_else_does():
    lines = [
        (line.label, line.markdown)
        for entry in desk(told_inside(), "15:00").dossiers[0].timeline
        for line in entry.lines
    ]
    assert lines == [("public", "Words."), ("internal", "For us."), ("public", "Words.")]
    (line,) = desk(told_inside(), "15:00").dossiers[0].timeline[1].lines
    assert line.readers == ("Exec", "Internal", "Support")


def test_an_entry_that_says_nothing_to_it_is_no_news_to_an_insider_who_may_not_read_internal():
    aside = update("14:10", None, ("internal", "For us."), id="aside")
    told = site(
        incident(update("14:05", None, ("public", "For all.")), aside, update("14:20", claims={"api": "major_outage"}))
    )
    assert [one.at.minute for one in desk(told, "15:00", VISITOR).dossiers[0].timeline] == [20, 5]
    assert [one.at.minute for one in desk(told, "15:00", INTERNAL).dossiers[0].timeline] == [20, 10, 5]


def test_who_else_reads_a_line_is_told_to_those_alone_who_may_read_internal():
    told = site(incident(update("14:05", None, ("public", "For all."))))
    (line,) = desk(told, "15:00", VISITOR).dossiers[0].timeline[0].lines
    assert line.readers == ("Frontdesk",)
    (line,) = desk(told, "15:00", EXEC).dossiers[0].timeline[0].lines
    assert {"Globex", "Initech", "Exec", "Public"} <= set(line.readers)


def test_insiders_are_told_that_customers_read_a_title_only_once_they_do():
    titles = {"public": "Payments fail", "internal": "db-7"}
    told = site(incident(update("14:05", audience="internal"), update("14:20"), titles=titles))
    assert desk(told, "14:10").dossiers[0].title_public is None
    assert desk(told, "14:20").dossiers[0].title_public == "Payments fail"


def test_owners_are_named_for_components_an_insider_may_know():
    assert [one.component for one in desk(told_inside(), "15:00").owners] == ["checkout", "ledger"]


def test_a_word_is_due_by_promise_first_and_then_by_rhythm():
    due = {one.audience: (one.by, one.why, one.overdue) for one in desk(told_inside(), "14:45").dossiers[0].due}
    assert due["internal"] == (at("14:50"), "every", False)
    assert due["public"] == (at("15:30"), "every", False)
    promised = site(incident(update("14:05", promise="30m")))
    found = {one.audience: (one.by, one.why, one.overdue) for one in desk(promised, "14:35").dossiers[0].due}
    assert found["public"] == (at("14:35"), "promised", True)


def test_a_customer_who_does_not_use_what_is_broken_is_owed_nothing():
    told = site(incident(update("14:05", claims={"reports": "major_outage"}, promise="30m")))
    views = {one.audience for one in desk(told, "14:10").dossiers[0].due}
    assert "strategic" in views
    elsewhere = site(incident(update("14:05", claims={"api": "major_outage"}, promise="30m")))
    assert "strategic" not in {one.audience for one in desk(elsewhere, "14:10").dossiers[0].due}


def test_what_goes_on_for_others_is_told_to_those_who_may_read_what_they_do():
    closed = (update("14:05"), update("14:30", "resolved", audience="internal"))
    told = site(incident(*closed, titles={"public": "Payments fail", "internal": "db-7"}))
    assert seen(told, "15:00", INTERNAL).open_incidents == ()
    assert desk(told, "15:00", INTERNAL).open == ("one",)


@pytest.mark.parametrize(
    ("reader", "hidden"), [(VISITOR, "internal"), (SUPPORT, "exec"), (INTERNAL, "exec"), (EXEC, "support")]
)
def test_what_goes_on_under_a_label_it_may_not_read_is_no_news_to_an_insider(reader, hidden):
    brief = (audience(reader.audience, surfaces=("brief",)),)
    over = (update("14:05"), update("14:30", "resolved"))
    again = update("14:40", "identified", audience=hidden)
    titles = {"public": "Payments fail"}
    quiet, busy = (
        site(incident(*over, titles=titles), audiences=brief),
        site(incident(*over, again, titles=titles), audiences=brief),
    )
    assert desk(busy, "15:00", reader).open == desk(quiet, "15:00", reader).open == ()
    assert len(desk(busy, "15:00", reader).dossiers) == len(desk(quiet, "15:00", reader).dossiers)


def test_coverage_tells_who_has_words_of_its_own():
    told = site(incident(update("14:05", None, ("public", "For all."), ("exec", "For the board."))))
    found = {one.audience: one.words for one in desk(told, "15:00").dossiers[0].coverage}
    assert (found["exec"], found["public"], found["support"]) == (
        "own",
        "public",
        "public",
    )
    hidden = site(incident(update("14:05", audience="internal"), titles={"internal": "db-7"}))
    assert {one.audience: one.words for one in desk(hidden, "15:00").dossiers[0].coverage}["public"] == "none"


def test_an_audience_with_a_rule_hears_of_what_meets_it():
    rule = (audience("exec", when_severity=("sev1",)), audience("support", when_components=("api",)))
    told = site(incident(update("14:05", severity="sev1", claims={"checkout": "major_outage"})), audiences=rule)
    assert desk(told, "15:00", EXEC).relevant == ("one",)
    assert desk(told, "15:00", SUPPORT).relevant == ()


def test_what_was_told_comes_from_the_record_and_up_to_now():
    record = Record(
        told=(
            Told(at("14:06"), "support", "u1405public"),
            Told(at("14:09"), "strategic", "u1405public", "globex"),
            Told(at("18:00"), "exec", "u1405public"),
        )
    )
    found = Gate(site(incident(update("14:05"))), at("15:00"), record).desk_of(INTERNAL)
    assert found.dossiers[0].told == (("Support", at("14:06")), ("Globex", at("14:09")))
    assert Gate(site(incident(update("14:05"))), at("15:00"), record).view_of(PUBLIC_READER) == seen(
        site(incident(update("14:05"))), "15:00"
    )


def test_desks_of_readers_without_pages_hold_what_is_open():
    brief = (audience("exec", surfaces=("brief",)),)
    over = incident(update("13:05"), update("13:30", "resolved", id="end"), id="over", since="13:00")
    told = site(over, incident(update("14:05")), work(update("20 20:00", "scheduled")), audiences=brief)
    assert [one.id for one in desk(told, "15:00", EXEC).dossiers] == ["one", "over", "work"]
    assert [one.id for one in desk(told, "15:00").dossiers] == ["one", "over", "work"]


REGIONAL = (component("checkout", regions=("eu", "us")), component("backoffice", "internal", regions=("moon",)))


def felt(reader, *before):
    """Where a reader is told that an incident is felt, after others were told of it."""
    one = incident(update("14:05", claims={"checkout": "degraded_performance"}), regions=("eu", "moon"))
    gate = Gate(site(one, components=REGIONAL), at("15:00"))
    for other in before:
        gate.view_of(other)
    return gate.view_of(reader).incidents[0].regions


def test_a_region_is_told_to_those_who_know_a_component_in_it():
    assert felt(INTERNAL) == ("eu", "moon")
    assert felt(PUBLIC_READER) == ("eu",)


def test_what_one_reader_knows_of_regions_is_not_remembered_for_others():
    assert felt(PUBLIC_READER, INTERNAL) == ("eu",)
    assert felt(INTERNAL, PUBLIC_READER) == ("eu", "moon")
