"""Writing source files: what is written is read back the same, nothing is overwritten, nothing hides in a file."""

from datetime import UTC, date, datetime, timedelta

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.author.document import (
    NewAsk,
    NewDecision,
    NewIncident,
    NewLink,
    NewMaintenance,
    NewPostmortem,
    NewUpdate,
    Unwritable,
    write_document,
    write_passages,
)
from heliograph.author.ids import digest_id, random_id
from heliograph.author.new import add_note, add_update, new_incident, new_maintenance, new_postmortem, slug
from heliograph.author.pick import Choice, Unclear, pick
from heliograph.author.scalars import flow_list, flow_map, scalar
from heliograph.importers.sitefiles import COMPONENTS, Settings, write_site
from heliograph.load import load_site_with_warnings
from heliograph.load.nodes import Mapping, Sequence
from heliograph.load.yaml import parse
from heliograph.problems import Problems

AT = datetime(2026, 11, 21, 14, 20, tzinfo=UTC)
WORDS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=40)
AWKWARD = st.text(st.sampled_from("ab0 :#-?,[]{}&*!|>'\"%@`~=<./\\\té…\u00a0\u2028\ufeff\u200b"), max_size=12)


def front(text):
    head, _, body = text.removeprefix("---\n").partition("\n---\n")
    return yaml.load(head, Loader=yaml.BaseLoader), body


def read_by_us(text):
    """Read front matter as the product reads it, as plain dicts and lists."""
    problems = Problems()
    tree = parse(text, "x.md", 1, problems)
    assert problems.found == ()
    return plain(tree)


def plain(node):
    match node:
        case Mapping(pairs=pairs):
            return {key: plain(value) for key, (_, value) in pairs.items()}
        case Sequence(items=items):
            return [plain(item) for item in items]
        case _:
            return node.value


def update(**fields):
    return NewUpdate(**{"id": "7qm4tz2c", "at": AT, **fields})


def incident(**fields):
    title = (("public", "Some payments fail"),)
    return NewIncident(**{"id": "k3x9q2mf", "titles": title, "started_at": AT, **fields})


@pytest.mark.parametrize(
    "text", ["no", "0123", "14:30", "2026-11-21T14:20Z", "1,240 of 31,000", "a#b", "50% of it", "it's"]
)
def test_text_that_needs_no_quotes_gets_none(text):
    assert scalar(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " a",
        "a ",
        "a: b",
        "a:",
        "a #b",
        "- a",
        "[x]",
        "*x",
        "&x",
        "!x",
        "'x'",
        '"x"',
        "%x",
        "@x",
        "`x",
        "a\nb",
        "a\tb",
    ],
)
def test_text_that_would_be_misread_is_quoted(text):
    assert scalar(text).startswith('"')
    assert yaml.load(f"k: {scalar(text)}\n", Loader=yaml.BaseLoader) == {"k": text}


@settings(max_examples=300, deadline=None)
@given(st.one_of(WORDS, AWKWARD))
def test_any_text_is_read_back_as_it_was(text):
    written = f"k: {scalar(text)}\nl: {flow_list((text, 'x'))}\nm: {flow_map((('a', text), ('b', 'y')))}\n"
    meant = {"k": text, "l": [text, "x"], "m": {"a": text, "b": "y"}}
    assert read_by_us(written) == meant
    assert yaml.load(written, Loader=yaml.BaseLoader) == meant


@settings(max_examples=150, deadline=None)
@given(WORDS, AWKWARD, st.lists(AWKWARD, max_size=3))
def test_any_incident_is_read_back_as_it_was(title, name, tags):
    links = (NewLink(name=name, url="https://chat.corp.example/c/1?a=b,c#d", audience="internal"),)
    document = incident(titles=(("public", title), ("internal", name)), tags=tuple(tags), links=links)
    read, body = front(write_document(document))
    assert read["title"] == {"public": title, "internal": name}
    assert read.get("tags", []) == tags
    assert read["links"] == [{"name": name, "url": links[0].url, "audience": "internal"}]
    assert (read["id"], read["started_at"], body) == ("k3x9q2mf", "2026-11-21T14:20Z", "")


def test_an_update_is_written_as_a_person_would():
    document = update(
        status="identified",
        severity="sev2",
        impact="major",
        components=(("checkout", "degraded_performance"),),
        next_update=timedelta(minutes=30),
        facts=(("customers_affected", "1,240 of 31,000"), ("sla", "EU: 99.93 %")),
        asks=(NewAsk(what="one DBA, now", of="engineering"),),
        decision=NewDecision(what="fail over", at=AT + timedelta(minutes=20), who="commander"),
        roles=(("commander", "platform-oncall"),),
        passages=(
            ("exec", "About 4 % is delayed."),
            ("internal", "Rolling back."),
            ("say", "Try again."),
            ("public", "We found the cause.\n"),
            ("support", "   "),
        ),
    )
    assert (
        write_document(document)
        == """---
id: 7qm4tz2c
audience: public
status: identified
at: 2026-11-21T14:20Z
severity: sev2
impact: major
components:
  checkout: degraded_performance
next_update: 30m
facts:
  customers_affected: 1,240 of 31,000
  sla: "EU: 99.93 %"
asks:
  - {what: "one DBA, now", of: engineering, audience: internal}
decision: {what: fail over, at: 2026-11-21T14:40Z, who: commander, audience: internal}
roles:
  commander: platform-oncall
---
We found the cause.

::: say
Try again.

::: internal
Rolling back.

::: exec
About 4 % is delayed.
"""
    )


def test_a_site_of_written_files_is_read_back_as_it_was_meant(tmp_path):
    write_site(tmp_path, Settings(id="x", name="X: y #z", url="https://x.example.com", timezone="UTC"))
    (tmp_path / COMPONENTS).write_text('[[component]]\nid = "checkout"\nname = "Checkout"\naudience = "public"\n')
    opened = update(
        status="investigating",
        severity="sev2",
        components=(("checkout", "major_outage"),),
        next_update=timedelta(minutes=90),
        asks=(NewAsk(what="- {one} DBA: now", of="engineering"),),
        decision=NewDecision(what="fail over?", at=AT + timedelta(hours=1), who="commander"),
        roles=(("commander", "platform-oncall"),),
        passages=(("public", "# Hello\n\n- a\n"), ("internal", "Rolling back: `::: x` is quoted.")),
    )
    closed = update(id="c2", at=AT + timedelta(minutes=5), status="resolved", passages=(("public", "Done."),))
    again = update(
        id="c3", at=AT + timedelta(minutes=9), status="monitoring", reopen=True, next_update=AT + timedelta(hours=3)
    )
    titles = (("public", "@home: [fails] 'now' #1"), ("internal", "no"))
    links = (NewLink(name="War room, #1", url="https://chat.corp.example/c/1?a=b", audience="internal"),)
    folder = new_incident(
        tmp_path, incident(titles=titles, tags=("0123", "a, b"), links=links), [opened, closed, again]
    )
    new_postmortem(
        tmp_path, folder.name, NewPostmortem(id="p1", at=AT + timedelta(days=1), passages=(("public", "Why."),))
    )
    work = NewMaintenance(
        id="m1",
        titles=(("public", "Upgrade"),),
        start=AT,
        end=AT + timedelta(hours=2),
        repeat=(timedelta(days=7), date(2027, 3, 31)),
        auto=False,
    )
    new_maintenance(tmp_path, work, [update(id="m2", status="scheduled")])
    site, warnings = load_site_with_warnings(tmp_path)
    assert warnings == ()
    assert site.settings.name == "X: y #z"
    (read,) = site.incidents
    assert tuple((text.label, text.words) for text in read.titles) == titles
    assert (read.tags, read.links[0].name, read.postmortem.passages[0].words) == (
        ("0123", "a, b"),
        "War room, #1",
        "Why.",
    )
    first, second, third = read.updates
    assert (first.severity, first.next_update, first.roles) == ("sev2", AT + timedelta(minutes=90), opened.roles)
    assert (first.asks[0].what, first.decision.what) == ("- {one} DBA: now", "fail over?")
    assert [(text.label, text.words) for text in first.passages] == [
        ("public", "# Hello\n\n- a"),
        ("internal", opened.passages[1][1]),
    ]
    assert (second.status, third.status, third.next_update) == ("resolved", "monitoring", AT + timedelta(hours=3))
    (planned,) = site.maintenances
    assert (planned.repeat.every_days, planned.repeat.until, planned.auto) == (7, date(2027, 3, 31), False)


def test_a_maintenance_and_a_postmortem_have_their_own_fields():
    work = NewMaintenance(
        id="m1",
        titles=(("public", "Upgrade"),),
        start=AT,
        end=AT + timedelta(hours=2),
        repeat=(timedelta(days=7), date(2027, 3, 31)),
        auto=False,
    )
    read, _ = front(write_document(work))
    assert read["window"] == {"start": "2026-11-21T14:20Z", "end": "2026-11-21T16:20Z"}
    assert read["repeat"] == {"every": "7d", "until": "2027-03-31"}
    assert read["auto"] == "false"
    told, body = front(write_document(NewPostmortem(id="p1", at=AT, passages=(("public", "## What happened\n…"),))))
    assert told == {"id": "p1", "audience": "public", "at": "2026-11-21T14:20Z"}
    assert body == "## What happened\n…\n"


def test_the_passage_of_the_updates_audience_stands_first_and_bare():
    written = write_passages("internal", (("public", "p"), ("internal", "i"), ("internal", "j")))
    assert written == "i\n\nj\n\n::: public\np\n"


@pytest.mark.parametrize(
    "words",
    [
        "::: support\nx",
        "a\n:::",
        "  ::: x",
        "> ::: x",
        "- :: x",
        "a\n\n**Support**\n\nb",
        "\uff1a\uff1a x",
        "<!-- x -->",
    ],
)
def test_words_that_would_move_or_hide_are_refused_without_being_repeated(words):
    with pytest.raises(Unwritable) as refusal:
        write_document(update(passages=(("public", words),)))
    assert "support" not in str(refusal.value).lower()


def test_new_files_are_named_by_day_title_time_and_status(tmp_path):
    folder = new_incident(tmp_path, incident(), [update(status="investigating", passages=(("public", "Looking."),))])
    assert folder == tmp_path / "incidents" / "2026-11-21-some-payments-fail"
    assert sorted(path.name for path in folder.iterdir()) == ["1420-investigating.md", "incident.md"]
    assert new_incident(tmp_path, incident()).name == "2026-11-21-some-payments-fail-2"
    second = add_update(tmp_path, folder.name, update(status="investigating"))
    assert second.name == "1420b-investigating.md"
    note = add_note(tmp_path, folder.name, identity="n1", at=AT, text="Called the vendor.")
    assert note.name == "1420c-note.md"
    assert front(note.read_text()) == (
        {"id": "n1", "audience": "internal", "at": "2026-11-21T14:20Z"},
        "Called the vendor.\n",
    )


def test_updates_of_one_minute_are_named_in_the_order_they_were_written(tmp_path):
    drawn = [update(id=f"u{number}", status="resolved" if number % 2 else None) for number in range(60)]
    folder = new_incident(tmp_path, incident(), drawn[:30])
    for one in drawn[30:]:
        add_update(tmp_path, folder.name, one)
    read = [front(path.read_text())[0]["id"] for path in sorted(folder.glob("1420*.md"))]
    assert read == [one.id for one in drawn]


def test_a_maintenance_has_its_own_folder_and_a_postmortem_is_written_once(tmp_path):
    work = NewMaintenance(id="m1", titles=(("internal", "Straße & Brücke"),), start=AT, end=AT + timedelta(hours=1))
    folder = new_maintenance(tmp_path, work)
    assert folder.name == "2026-11-21-strasse-brucke"
    new_postmortem(tmp_path, folder.name, NewPostmortem(id="p1", at=AT, passages=(("public", "x"),)))
    with pytest.raises(FileExistsError):
        new_postmortem(tmp_path, folder.name, NewPostmortem(id="p2", at=AT))


def test_a_text_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    with pytest.raises(Unwritable):
        new_incident(tmp_path, incident(), [update(passages=(("public", "::: x"),))])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["nowhere", "..", "../incidents", "a/b", ""])
def test_an_update_goes_only_into_a_folder_below_incidents(tmp_path, folder):
    (tmp_path / "incidents" / "a" / "b").mkdir(parents=True)
    with pytest.raises(FileNotFoundError):
        add_update(tmp_path, folder, update())


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Checkout: 5xx!", "checkout-5xx"),
        ("日本", "untitled"),
        ("", "untitled"),
        ("It's Ü", "its-u"),
        ("word " * 30, "word-" * 8 + "word"),
        ("x" * 90, "x" * 48),
    ],
)
def test_folder_names_are_short_and_plain(title, expected):
    assert slug(title).startswith(expected) and len(slug(title)) <= 48


def test_random_ids_are_eight_clear_signs_that_begin_with_a_letter():
    drawn = {random_id() for _ in range(200)}
    assert len(drawn) == 200
    assert all(len(one) == 8 and one[0].isalpha() and not set(one) & set("ilo01") for one in drawn)


def test_digest_ids_depend_on_site_and_path_apart():
    assert digest_id("https://a", "b") == digest_id("https://a", "b")
    assert digest_id("https://a", "b") != digest_id("https://", "ab")
    assert len(digest_id("x", "y")) == 12


ROWS = (
    Choice("aaaa1111", "2026-11-21-checkout", ("Checkout failing", "5xx after db-7"), True),
    Choice("bbbb2222", "2026-10-01-checkout-slow", ("Checkout slow",), False),
    Choice("cccc3333", "2026-09-01-mail", ("Mail delayed",), False),
    Choice("dddd4444", "2026-09-02-mails", ("Mailing lists down",), False),
)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (None, "aaaa1111"),
        ("", "aaaa1111"),
        ("bbbb2222", "bbbb2222"),
        ("incidents/2026-09-01-mail/", "cccc3333"),
        ("/x/incidents/2026-09-01-mail/1420-identified.md", "cccc3333"),
        ("checkout", "aaaa1111"),
        ("SLOW", "bbbb2222"),
        ("mail", "cccc3333"),
        ("mailing", "dddd4444"),
        ("5xx", "aaaa1111"),
        ("delay", "cccc3333"),
    ],
)
def test_an_incident_is_found_by_id_path_or_word(word, expected):
    assert pick(word, ROWS).id == expected


def test_what_is_not_clear_lists_the_choices():
    with pytest.raises(Unclear) as several:
        pick("mai", ROWS)
    assert [choice.id for choice in several.value.choices] == ["dddd4444", "cccc3333"]
    assert "Mailing lists down" in str(several.value)
    with pytest.raises(Unclear, match="aaaa1111"):
        pick("nothing like it", ROWS)
    with pytest.raises(Unclear, match="no incident is open"):
        pick(None, ROWS[1:])
    with pytest.raises(Unclear, match="several are open"):
        pick(None, (ROWS[0], Choice("e", "f", ("t",), True)))
