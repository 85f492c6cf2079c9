"""Replies in the forms that help desks take: their fields, their placeholders, and nothing a spreadsheet reckons with."""

from __future__ import annotations

import csv
import re
import unicodedata
from io import StringIO

import msgspec
import pytest

import view_samples as samples
from heliograph.render.layouts import Layouts
from heliograph.render.macros import DESKS, REQUESTER, macro_artifacts, placed
from heliograph.render.macros.table import cell
from heliograph.render.tongue import tongue

replace = msgspec.structs.replace
PLACEHOLDERS = {
    "zendesk": "{{ticket.requester.first_name}}",
    "freshdesk": "{{ticket.requester.firstname}}",
    "front": "{{recipient.first_name}}",
    "helpscout": "{%customer.firstName,fallback=there%}",
    "gorgias": "{{ticket.customer.firstname}}",
}


def made(*incidents):
    view = replace(samples.public_view(), reader="macros", incidents=incidents, maintenances=())
    return {artifact.path: artifact.data for artifact in macro_artifacts(view, Layouts())}


def desk(name, *incidents):
    return msgspec.json.decode(made(*incidents)[f"desks/{name}.json"])


def request(name, *incidents):
    return desk(name, *(incidents or (samples.payments(),)))["macros"][0]["request"]


def test_there_is_a_file_for_each_desk_and_a_table():
    found = {path for path in made(samples.payments()) if path.startswith("desks/")}
    assert found == {"desks/macros.csv", *(f"desks/{name}.json" for name in PLACEHOLDERS)}
    assert set(DESKS) == set(PLACEHOLDERS)


def test_zendesk_gets_a_public_comment_and_a_tag():
    told = request("zendesk")["macro"]
    assert told["title"] == "[k3x9q2mf] reply · Some payments in Europe are failing"
    assert (told["active"], told["restriction"]) == (True, None)
    assert told["description"] == "7qm4tz2c / 2026-11-21T14:20Z / 2026-11-21T14:50Z"
    html, public, tags = told["actions"]
    assert html["field"] == "comment_value_html"
    assert html["value"].startswith("<p>Hi {{ticket.requester.first_name}},</p>\n<p>Since 14:02 UTC")
    assert public == {"field": "comment_mode_is_public", "value": "true"}
    assert tags == {"field": "current_tags", "value": "inc-k3x9q2mf"}


def test_freshdesk_front_and_help_scout_get_their_fields():
    assert sorted(request("freshdesk")) == ["content_html", "title", "visibility"]
    assert request("freshdesk")["visibility"] == 0
    assert sorted(request("front")) == ["body", "name"]
    saved = request("helpscout")
    assert sorted(saved) == ["chatText", "name", "text"]
    assert saved["text"].startswith("<p>")
    assert saved["chatText"].startswith("Hi {%customer.firstName,fallback=there%},\n\nSince")


def test_gorgias_gets_an_id_of_ours_an_answer_and_a_tag():
    told = request("gorgias")
    assert (told["external_id"], told["intent"], told["language"]) == ("[k3x9q2mf] reply", None, "en")
    answer, tags = told["actions"]
    assert (answer["name"], answer["type"], sorted(answer["arguments"])) == (
        "setResponseText",
        "user",
        ["body_html", "body_text"],
    )
    assert (tags["name"], tags["arguments"]) == ("addTags", {"tags": "inc-k3x9q2mf"})


@pytest.mark.parametrize(("name", "placeholder"), PLACEHOLDERS.items())
def test_each_desk_gets_its_own_placeholder_once_and_expands_no_authored_words(name, placeholder):
    hostile = "Mind {{ticket.requester.first_name}} and {%customer.email%}, {{recipient.email}} {#x#}"
    told = msgspec.json.encode(request(name, samples.payments(hostile, title=hostile))).decode()
    forms = 2 if name in ("helpscout", "gorgias") else 1
    assert told.count(placeholder) == forms
    assert not re.search(r"\{[{%!#]", told.replace(placeholder, "").replace('{"', ""))


@pytest.mark.parametrize("name", PLACEHOLDERS)
def test_each_reply_names_its_source_and_how_long_it_holds(name):
    for macro in desk(name, samples.payments())["macros"]:
        assert macro["source"] == "7qm4tz2c"
        assert (macro["source_at"], macro["good_until"]) == ("2026-11-21T14:20Z", "2026-11-21T14:50Z")
        assert macro["key"] == f"[k3x9q2mf] {macro['phase']}"


@pytest.mark.parametrize("name", PLACEHOLDERS)
def test_what_no_longer_holds_is_taken_away_by_the_name_it_had(name):
    opened = desk(name, samples.payments())
    solved = desk(name, replace(samples.payments(), status="resolved", resolved_at=samples.at("14:40")))
    assert opened["withdrawn"] == []
    had = {macro["key"]: macro["request"] for macro in opened["macros"]}
    lost = {one["key"]: one for one in solved["withdrawn"]}
    assert set(had) == set(lost)
    assert [macro["phase"] for macro in solved["macros"]] == ["closing"]
    for key, one in lost.items():
        assert one["name"] in msgspec.json.encode(had[key]).decode()
    if name == "zendesk":
        assert all(one["request"] == {"macro": {"active": False}} for one in lost.values())
    if name == "gorgias":
        assert all(one["external_id"] == had[key]["external_id"] for key, one in lost.items())


@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
def test_where_nobody_can_be_named_the_greeting_names_nobody(language):
    view = replace(samples.public_view(), about=replace(samples.public_view().about, language=language))
    for artifact in macro_artifacts(view, Layouts()):
        if artifact.path.endswith("index.json"):
            for macro in msgspec.json.decode(artifact.data):
                for form in ("text", "html"):
                    assert REQUESTER in macro[form]
                    assert "{{" not in placed(tongue(language), macro[form], "none")


# --- the table ------------------------------------------------------------------------------------

PAYLOADS = [
    "=1+1", '=HYPERLINK("https://x.example","y")', "=cmd|' /C calc'!A0", '=IMPORTXML("https://x.example","//a")',
    "+1", "+1+cmd|' /C calc'!A0", "+SUM(A1)", "-1", "-2+3+cmd|' /C calc'!A0", "--1", "@SUM(1+1)", "@A1", "=@A1", "=-1",
    " =1", "  +1", "\t=1", "\r=1", "\n=1", "\r\n=1", "\t", "\r", "\tword", "\rword", "\u00a0=1", "\u3000=1", "\u2003-1",
    "\ufeff=1", "\u200b=1", "\u2060+1", "\u200e@A1", "\u202e=1", "\x00=1", "\x0b=1", "\uff1d1", "\uff0b1", "\uff0d1",
    "\uff20A1", "\ufe661", "\ufe621", "\ufe631", "\ufe6bA1", "\u22121", "\u207a1", "\u208c1", " \uff1d1", "\t\uff0b1",
]  # fmt: skip


def reckoned(text: str) -> bool:
    """What a spreadsheet would make of a cell, told in another way than the code tells it: by what is left over."""
    left = text.lstrip(
        "".join(
            map(
                chr,
                (
                    *range(33),
                    0x7F,
                    0xA0,
                    *range(0x2000, 0x2010),
                    *range(0x2028, 0x2030),
                    0x205F,
                    0x2060,
                    0x3000,
                    0xFEFF,
                ),
            )
        )
    )
    return text[:1] in ("\t", "\r", "\n") or unicodedata.normalize("NFKC", left)[:1] in ("=", "+", "-", "@", "\u2212")


def test_there_are_enough_payloads_and_each_is_one():
    assert len(set(PAYLOADS)) >= 40
    assert all(map(reckoned, (one for one in PAYLOADS)))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_cell_is_a_formula(payload):
    assert not reckoned(cell(payload))
    assert cell(payload) == f"'{payload}"
    title = payload.strip("\0\r\n") or "x"
    rows = list(
        csv.reader(StringIO(made(samples.payments(payload, title=title))["desks/macros.csv"].decode(), newline=""))
    )
    assert len({len(row) for row in rows}) == 1
    assert len(rows) == 4
    assert not [text for row in rows for text in row if reckoned(text)]


def test_a_guard_that_looks_at_the_first_character_alone_would_be_caught():
    def naive(text):
        return f"'{text}" if text[:1] in tuple("=+-@") else text

    assert len([payload for payload in PAYLOADS if reckoned(naive(payload))]) > 20


def test_words_stay_as_they_are_in_cells_and_payloads_in_json():
    for harmless in ("", "Hello", "a=b", "1-2", "'=1", "(+1)", "[k3x9q2mf] reply", "<p>", "50 % = half"):
        assert cell(harmless) == harmless
    told = request("front", samples.payments("=1+1 and @A1", title="=2+2"))
    assert "=1+1 and @A1" in told["body"]
    assert told["name"] == "[k3x9q2mf] reply · =2+2"


def test_the_table_has_a_row_for_each_reply_and_each_withdrawn_one():
    found = made(samples.payments(), replace(samples.mail_delay(), title="Mail is late"))["desks/macros.csv"].decode()
    rows = list(csv.DictReader(StringIO(found, newline="")))
    assert [(row["key"], row["active"]) for row in rows] == [
        ("[k3x9q2mf] reply", "yes"), ("[k3x9q2mf] is-it-this", "yes"), ("[k3x9q2mf] follow-up", "yes"),
        ("[h5c2p8wa] closing", "yes"), ("[h5c2p8wa] reply", "no"), ("[h5c2p8wa] is-it-this", "no"), ("[h5c2p8wa] follow-up", "no"),
    ]  # fmt: skip
    assert rows[0]["text"].startswith("Hello,\n\nSince 14:02 UTC")
    assert rows[0]["html"].startswith("<p>Hello,</p>")
    assert "{{" not in found
    assert (rows[0]["source"], rows[0]["good_until"]) == ("7qm4tz2c", "2026-11-21T14:50Z")
