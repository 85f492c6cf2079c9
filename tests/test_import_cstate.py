"""Importing cState sites: every oddity on a small site made for it, and whole real sites against cState's own reading."""

import html
import json
import os
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.author.ids import digest_id
from heliograph.gate import PUBLIC_READER, project
from heliograph.importers.cstate import FORMER_PARTS, import_cstate
from heliograph.importers.defuse import accepted
from heliograph.importers.prose import Source, clean
from heliograph.importers.report import Findings, ImportRefused, Report
from heliograph.load import load_site_with_warnings
from heliograph.load.passages import begins_with_colons
from heliograph.render.markup import to_html
from heliograph.view import View

SHARED = Path(os.environ.get("HELIOGRAPH_SHARED", Path(__file__).parents[2] / "shared")) / "data"
CONFIG = """\
title: Example Status
baseURL: http://status.example.com/
params:
  categories:
    - name: Core
    - name: Rest
      untitled: true
  systems:
    - name: Web
      category: Core
      description: The *web* shop
    - name: API
      category: Rest
    - name: Mail
      category: Nowhere
      link: https://mail.example.com
"""
LABELS = frozenset({"public", "internal", "support"})


def post(body="We look into it.", *, drop=(), **fields):
    head = {
        "title": "Checkout fails",
        "date": "2024-03-01 10:00:00",
        "resolved": "true",
        "resolvedWhen": "2024-03-01 11:30:00",
        "severity": "disrupted",
        "affected": "[Web]",
        "section": "issue",
    } | fields
    lines = [f"{key}: {value}" for key, value in head.items() if key not in drop]
    return "---\n" + "\n".join(lines) + f"\n---\n\n{body}\n"


class Trial:
    """One cState site made of files, imported; what our own reader makes of the outcome."""

    def __init__(self, tmp_path, files, *, config=CONFIG, label="public", zone=None):
        self.source, self.into = tmp_path / "cstate", tmp_path / "site"
        for name, content in {"config.yml": config, **files}.items():
            path = self.source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.report = import_cstate(self.source, self.into, label, zone)
        self.site, self.warnings = load_site_with_warnings(self.into)

    @property
    def only(self):
        (incident,) = self.site.incidents
        return incident

    @property
    def kinds(self):
        return set(self.report.kinds)

    @property
    def words(self):
        return "\n\n".join(text.words for update in self.only.updates for text in update.passages)


@pytest.fixture
def trial(tmp_path):
    def run(body_or_post="We look into it.", name="content/issues/2024-03-01-checkout.md", **options):
        whole = body_or_post if body_or_post[:3] in ("---", "+++", "tit") else post(body_or_post)
        return Trial(tmp_path, {name: whole}, **options)

    return run


def test_a_resolved_post_becomes_an_incident_that_opens_claims_and_closes(trial):
    made = trial()
    assert made.report.summary == "1 imported whole"
    assert made.warnings == ()
    incident = made.only
    assert [(text.label, text.words) for text in incident.titles] == [("public", "Checkout fails")]
    assert incident.started_at == datetime(2024, 3, 1, 10, tzinfo=UTC)
    opened, closed = incident.updates
    assert (opened.status, opened.at) == ("investigating", incident.started_at)
    assert [(claim.component, claim.state) for claim in opened.claims] == [("web", "partial_outage")]
    assert opened.passages[0].words == "We look into it."
    assert (closed.status, closed.at, closed.passages) == ("resolved", datetime(2024, 3, 1, 11, 30, tzinfo=UTC), ())
    assert incident.id == digest_id("https://status.example.com", "content/issues/2024-03-01-checkout.md")


def test_a_new_site_is_made_from_the_configuration(trial):
    made = trial()
    site = made.site
    assert (site.settings.name, site.settings.url, site.settings.timezone) == (
        "Example Status",
        "https://status.example.com",
        "UTC",
    )
    assert [(group.id, group.name) for group in site.groups] == [("core", "Core")]
    assert [(one.id, one.name, one.group, one.description) for one in site.components] == [
        ("web", "Web", "core", "The web shop"),
        ("api", "API", None, ""),
        ("mail", "Mail", None, ""),
    ]
    assert {one.label for one in site.components} == {"public"}
    assert "system-link" in made.kinds


def test_a_second_import_changes_nothing(trial):
    made = trial()
    before = {path: path.read_bytes() for path in made.into.rglob("*") if path.is_file()}
    again = import_cstate(made.source, made.into, "public")
    assert (again.present, again.imported, again.files) == (1, 0, ())
    assert before == {path: path.read_bytes() for path in made.into.rglob("*") if path.is_file()}


def test_an_import_adds_to_a_site_and_keeps_what_is_there(trial, tmp_path):
    trial()
    own = tmp_path / "site" / "site_src" / "components.toml"
    own.write_text("# ours\n" + own.read_text())
    other = tmp_path / "other"
    (other / "content" / "issues").mkdir(parents=True)
    (other / "config.yml").write_text(CONFIG.replace("Mail", "Fax").replace("status.example.com", "old.example.com"))
    (other / "content" / "issues" / "a.md").write_text(post(affected="[Web, Fax, Telex]"))
    report = import_cstate(other, tmp_path / "site", "internal")
    site, warnings = load_site_with_warnings(tmp_path / "site")
    assert warnings == ()
    assert own.read_text().startswith("# ours\n")
    assert [one.name for one in site.components] == ["Web", "API", "Mail", "Fax", "Telex"]
    assert [one.label for one in site.components][-2:] == ["internal", "internal"]
    assert site.settings.name == "Example Status"
    assert sorted(incident.titles[0].label for incident in site.incidents) == ["internal", "public"]
    assert "site_src/components.toml" in report.files


@pytest.mark.parametrize(
    ("severity", "state"),
    [("down", "major_outage"), ("disrupted", "partial_outage"), ("notice", "degraded_performance")],
)
def test_severity_is_what_is_claimed_of_the_affected_systems(trial, severity, state):
    made = trial(post(severity=severity, affected="[API, Web]"))
    assert {claim.state for claim in made.only.updates[0].claims} == {state}


@pytest.mark.parametrize("severity", ["Down", "monitoring", '""'])
def test_any_other_severity_claims_nothing_and_is_reported(trial, severity):
    made = trial(post(severity=severity))
    assert made.only.updates[0].claims == ()
    assert [(row.line, row.kind) for row in made.report.rows if row.kind == "severity"] == [(6, "severity")]


def test_a_severity_without_systems_is_kept_as_impact(trial):
    assert trial(post(drop=("affected",), severity="down")).only.updates[0].impact == "critical"


def test_a_system_nobody_configured_stands_among_the_former_parts(trial):
    made = trial(post(affected="[Web, Old thing]"))
    (former,) = [one for one in made.site.components if one.name == "Old thing"]
    assert {group.id: group.name for group in made.site.groups}[former.group] == FORMER_PARTS
    assert [claim.component for claim in made.only.updates[0].claims] == ["web", "old-thing"]
    assert [(row.line, row.kind) for row in made.report.rows if row.file.endswith("checkout.md")] == [
        (7, "former-part")
    ]


@pytest.mark.parametrize(
    ("resolved", "closed", "kind"),
    [
        ("false", False, ""),
        ("no", False, ""),
        ("yes", True, ""),
        ('"false"', True, "odd-resolved"),
        ("later", True, "odd-resolved"),
    ],
)
def test_only_a_bare_false_is_open_as_in_cstate(trial, resolved, closed, kind):
    made = trial(post(resolved=resolved))
    assert (made.only.updates[-1].status == "resolved") is closed
    assert (kind in made.kinds) is bool(kind)


def test_a_post_that_does_not_say_whether_it_is_resolved_is_closed_and_reported(trial):
    made = trial(post(drop=("resolved", "resolvedWhen")))
    assert made.only.updates[-1].status == "resolved"
    assert {"no-resolved", "no-end"} <= made.kinds


def test_an_announcement_has_no_impact_and_claims_nothing(trial):
    made = trial(post(informational="true", pin="true", drop=("resolved", "resolvedWhen")))
    (told,) = made.only.updates
    assert (told.status, told.impact, told.claims) == ("resolved", "none", ())
    assert {"informational", "pinned"} <= made.kinds


def test_an_announcement_with_an_end_is_a_note_that_is_closed_then(trial):
    noted, closed = trial(post(informational="true")).only.updates
    assert (noted.status, noted.impact, closed.status) == (None, "none", "resolved")


def test_tracked_times_split_the_prose_whichever_way_round_it_is_written(tmp_path):
    parts = [
        '*Investigating* - Looking. {{< track "2024-03-01 10:00:00" >}}',
        '*Identified* - Found.\n{{< track "2024-03-01 10:20:00" >}}',
        '---\n\nStill at it.\n{{<track "2024-03-01T10:40:00Z">}}',
        "*Fixed* - See [there][x]. {{% track `2024-03-01 11:30:00` %}}",
        "Late word. {{< track 2024-03-02 >}}",
    ]
    links = "[x]: https://example.com/x"
    for index, ordered in enumerate((parts, parts[::-1])):
        made = Trial(tmp_path / str(index), {"content/issues/a.md": post("\n\n".join([*ordered, links]))})
        assert [update.status for update in made.only.updates] == [
            "investigating",
            "identified",
            None,
            "resolved",
            None,
        ]
        assert [f"{update.at:%d %H:%M}" for update in made.only.updates] == [
            "01 10:00",
            "01 10:20",
            "01 10:40",
            "01 11:30",
            "02 00:00",
        ]
        assert made.only.updates[3].passages[0].words == f"*Fixed* - See [there][x].\n\n{links}"
        assert made.only.updates[2].passages[0].words == "Still at it."
        assert [len(update.claims) for update in made.only.updates] == [1, 0, 0, 0, 0]


def test_updates_of_one_instant_keep_their_order(trial):
    told = [f'Word {number}. {{{{< track "2024-03-01 10:30:00" >}}}}' for number in range(12)]
    made = trial("\n\n".join(['First. {{< track "2024-03-01 10:00:00" >}}', *told]))
    assert made.words.split("\n\n") == ["First.", *(f"Word {number}." for number in range(12))]


def test_words_from_before_the_date_are_put_at_it_with_their_time(trial):
    made = trial('Planned. {{< track "2024-02-20 09:00:00" >}}')
    assert made.only.updates[0].at == made.only.started_at
    assert made.only.updates[0].passages[0].words == "Planned.\n\n(2024-02-20 09:00 UTC)"
    assert "early" in made.kinds


@pytest.mark.parametrize(
    "body",
    [
        '{{< track "2024-03-01 10:00:00" >}} Looking.',
        'Looking. {{< track "2024-03-01 10:00:00" >}} And\nfixing.',
        'A. {{< track "2024-03-01 10:00:00" >}}\n\nB.',
    ],
)
def test_prose_whose_times_do_not_end_paragraphs_stays_whole(trial, body):
    made = trial(body)
    assert len(made.only.updates) == 2
    assert "(2024-03-01 10:00 UTC)" in made.words
    assert "not-split" in made.kinds


def test_final_words_close_the_incident(trial):
    made = trial(
        "[Final Message]\nAll is well. See [a].\n\n[Initial message]\nIt is broken.\n\n[a]: https://example.com"
    )
    opened, closed = made.only.updates
    assert opened.passages[0].words == "It is broken."
    assert closed.passages[0].words == "All is well. See [a].\n\n[a]: https://example.com"


def test_final_words_alone_are_not_taken_apart(trial):
    made = trial("Broken.\n\n*Resolved* - Fixed.")
    assert [len(update.passages) for update in made.only.updates] == [1, 0]


def test_an_end_before_the_start_is_reported_and_the_post_closed_at_its_date(trial):
    made = trial(post(resolvedWhen="2024-02-28 10:00:00"))
    assert [update.status for update in made.only.updates] == ["investigating", "resolved"]
    assert {update.at for update in made.only.updates} == {made.only.started_at}
    assert [(row.line, row.kind) for row in made.report.rows if row.kind.startswith("end")] == [(5, "end-before-start")]


def test_an_end_before_the_start_gives_way_to_later_dated_words(trial):
    body = 'Done. {{< track "2024-03-01 12:00:00" >}}\n\nGoing. {{< track "2024-03-01 10:00:00" >}}'
    made = trial(post(body, resolvedWhen="2024-02-28 10:00:00"))
    assert [(update.status, update.at.hour) for update in made.only.updates] == [
        ("investigating", 10),
        ("resolved", 12),
    ]


@pytest.mark.parametrize(
    ("written", "expected", "kind"),
    [
        ("2024-03-01 10:00:00", "2024-03-01T10:00", ""),
        ("2024-03-01T9:30:00-00:00", "2024-03-01T09:30", ""),
        ("2024-03-01T10:00:00+02:00", "2024-03-01T08:00", ""),
        ("2024-3-1 9:5", "2024-03-01T09:05", ""),
        ("2024-03-01", "2024-03-01T00:00", ""),
        ('"2024-03-01T10:00:00.482Z"', "2024-03-01T10:00", ""),
        ("2024-03-01T10:00:00-00:00T11:00:00-00:00", "2024-03-01T10:00", "odd-date"),
        ("2024-03-01 10:00:00 2024-03-01 10:30:00", "2024-03-01T10:00", "odd-date"),
        ("soon", "2024-03-01T00:00", "date-from-name"),
        ("2024-02-31 10:00:00", "2024-03-01T00:00", "bad-date"),
        ("0001-01-01", "2024-03-01T00:00", "bad-date"),
    ],
)
def test_dates_are_read_as_they_were_meant(trial, written, expected, kind):
    made = trial(post(date=written))
    assert made.only.started_at == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert (kind in made.kinds) is bool(kind)


def test_naive_times_are_of_the_declared_zone(trial):
    made = trial(post(date="2024-07-01 10:00:00", resolvedWhen="2024-07-01T10:30:00Z"), zone="Europe/Berlin")
    assert made.only.started_at == datetime(2024, 7, 1, 8, tzinfo=UTC)
    assert made.only.updates[-1].at == datetime(2024, 7, 1, 10, 30, tzinfo=UTC)
    assert made.site.settings.timezone == "Europe/Berlin"


def test_a_post_without_any_date_is_left_out(trial):
    made = trial(post(date="soon"), name="content/issues/undated.md")
    assert made.site.incidents == ()
    assert (made.report.left_out, "no-date" in made.kinds) == (1, True)


def test_toml_front_matter_is_read(trial):
    made = trial(
        '+++\ntitle = "Outage"\ndate = 2024-03-01T10:00:00Z\nresolved = false\nseverity = "down"\naffected = ["API"]\nsection = "issue"\n+++\nGone.\n'
    )
    assert made.only.titles[0].words == "Outage"
    assert [claim.component for claim in made.only.updates[0].claims] == ["api"]
    assert [update.status for update in made.only.updates] == ["investigating"]


@pytest.mark.parametrize(
    "change", [lambda text: text.removeprefix("---\n"), lambda text: text.replace("\n---\n", "\n", 1)]
)
def test_a_missing_fence_is_reported_and_the_rest_read(trial, change):
    made = trial(change(post("The text.")))
    assert made.only.titles[0].words == "Checkout fails"
    assert made.words == "The text."
    assert "missing-fence" in made.kinds


def test_broken_yaml_is_read_line_by_line(trial):
    made = trial(post(title="Mail: late: again", affected="\n  - Web\n  - 'API'"))
    assert made.only.titles[0].words == "Mail: late: again"
    assert [claim.component for claim in made.only.updates[0].claims] == ["web", "api"]
    assert [(row.line, row.kind) for row in made.report.rows if row.kind == "broken-front-matter"] == [
        (2, "broken-front-matter")
    ]


def test_files_that_are_no_posts_are_left_out_and_named(tmp_path):
    made = Trial(
        tmp_path,
        {
            "content/issues/good": post(),
            "content/issues/no-section.md": post(drop=("section",)),
            "content/issues/draft.md": post(draft="true"),
            "content/issues/binary.md": b"\x00\x01\x02",
            "content/issues/words.md": "just words\n",
            "content/issues/latin.md": post("caf\xe9").encode("latin-1"),
            "content/issues/_index.md": post(),
            "content/pages/about.md": "---\ntitle: About\n---\nx\n",
        },
    )
    named = {row.file.rpartition("/")[2]: row.kind for row in made.report.rows if row.file.startswith("content")}
    assert named == {
        "good": "file-name",
        "no-section.md": "no-issue",
        "draft.md": "draft",
        "binary.md": "no-front-matter",
        "words.md": "no-front-matter",
        "latin.md": "encoding",
        "about.md": "other-page",
    }
    assert (made.report.partly, made.report.left_out, len(made.site.incidents)) == (2, 4, 2)


def test_titles_that_our_files_cannot_hold_are_made_to_fit(tmp_path):
    titles = {
        "a": '"' + "x" * 300 + '"',
        "b": '""',
        "c": '"[[fill in]] a\\tb\\u2028c"',
        "d": "'=?utf-8?q?x?='",
        "e": '"\\u200b"',
    }
    made = Trial(tmp_path, {f"content/issues/{name}.md": post(title=title) for name, title in titles.items()})
    assert sorted(one.titles[0].words for one in made.site.incidents) == sorted(
        ["x" * 139 + "…", "b", "[fill in] a b c", "= ?utf-8?q?x?=", "e"]
    )
    assert {"long-title", "no-title"} <= made.kinds


def test_hidden_comments_never_come_out(trial):
    made = trial(
        "Seen.\n<!-- secret one -->\n\n<!--\nsecret two\n\n[Final Message] secret three\n-->\nAlso seen. <!-- secret four"
    )
    assert "secret" not in "".join(path.read_text() for path in made.into.rglob("*.md"))
    assert "secret" not in str(made.report.plain())
    assert made.words == "Seen.\n\nAlso seen."
    assert made.report.kinds["comment"] == 3


@pytest.mark.parametrize(
    ("body", "expected", "kind"),
    [
        ("Log of <ID> at <repo.example.org> now.", "Log of \\<ID> at <repo.example.org> now.", "angle-bracket"),
        ("See <https://example.com/a?b=c>.", "See <https://example.com/a?b=c>.", ""),
        ("Chat <irc://example.com/x>.", "Chat irc://example.com/x.", "link"),
        ("a <b>bold</b> and <em>x</em><br>next", "a **bold** and *x*  \nnext", "html"),
        ('<a href="/faq">Help</a>', "[Help](https://status.example.com/faq)", "html"),
        ("<script>alert(1)</script>Hi", "Hi", "html"),
        ("`<ID>` and\n\n```\n<b>[[x]]</b>\n```", "`<ID>` and\n\n```\n<b>[[x]]</b>\n```", ""),
        ("![a cat](https://example.com/cat.png)", "[a cat](https://example.com/cat.png)", "image"),
        ("![](cat.png)", "[image](https://status.example.com/cat.png)", "image"),
        ("[![b](x.svg)](https://example.com)", "[b](https://example.com)", "image"),
        (
            "[faq](/faq) [up](../x) [f](#a)",
            "[faq](https://status.example.com/faq) [up](https://status.example.com/x) [f](https://status.example.com/#a)",
            "link",
        ),
        ("[x](javascript:alert(1)) [y](//evil.example/)", "x (javascript:alert(1)) [y](https://evil.example/)", "link"),
        ("[x](https://user:word@example.com/)", "x (https://user:word@example.com/)", "link"),
        ("[a][b]\n\n[b]: /faq", "[a][b]\n\n[b]: https://status.example.com/faq", "link"),
        ("::: internal\nx", "&#58;&#58;&#58; internal\nx", "marker"),
        ("- ::: x", "- &#58;&#58;&#58; x", "marker"),
        ("a\n\n**Support**\n\nb", "a\n\n**&#83;upport**\n\nb", "marker"),
        ("fill [[this in]] please", "fill [\\[this in\\]] please", ""),
        ("as said[^1]", "as said\\[^1]", ""),
        ("```\nopen", "```\nopen\n```", ""),
        ("{{< youtube abc >}}{{< x >}}in{{< /x >}}", "in", "shortcode"),
        ("{{ 7*7 }} {% x %}", "{{ 7*7 }} {% x %}", ""),
        ("zero\u200bwidth\x07", "zerowidth", "control"),
    ],
)
def test_prose_our_pages_do_not_take_is_made_to_say_the_same(trial, body, expected, kind):
    made = trial(body)
    assert made.words == expected
    assert (kind in made.kinds) if kind else made.kinds == {"system-link"}


def test_findings_name_the_line_in_the_source(trial):
    made = trial("One.\n\n<!-- a\nb -->\n\nTwo <x-y>.\n\n![c](https://example.com/c.png)")
    found = {row.kind: row.line for row in made.report.rows}
    assert (found["comment"], found["angle-bracket"], found["image"]) == (13, 16, 18)


def test_tables_and_lists_in_html_become_markdown(trial):
    made = trial(
        "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>\n\n<ul><li>x</li><li>y</li></ul>"
    )
    assert "| a | b |" in made.words
    assert "- x\n- y" in made.words


def test_nesting_no_reader_could_follow_is_kept_as_words(trial):
    made = trial(">" * 60 + " deep " + "[" * 1500)
    assert "deep" in made.words
    assert "plain" in made.kinds


SOURCE = Source("https://status.example.com/", LABELS)
PIECES = (
    "::: ",
    ":",
    "support",
    "\n",
    "\n\n",
    "    ",
    "- ",
    "> ",
    "`",
    "```",
    "~~~",
    "[[",
    "]]",
    "[",
    "]",
    "](",
    ")",
    "<",
    ">",
    "<!--",
    "-->",
    "<b>",
    "</b>",
    "<ID>",
    "</",
    "<?",
    "!",
    "![",
    "[^1]",
    "]: ",
    "x",
    "javascript:",
    "http://a.b/",
    "//c",
    "&#58;",
    "\\",
    "{{<",
    ">}}",
    "|",
    "---",
    "#",
    "*",
    "：",
    "\u200b",
    "@",
)


@settings(max_examples=250, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_whatever_the_prose_our_reader_takes_it(prose):
    made = clean(prose, SOURCE, Findings().about("x"), lambda *_: None)
    assert accepted(made), made
    assert not any(begins_with_colons(line) for line in made.split("\n")), made


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(blacklist_categories=("Cs",)), max_size=60), st.binary(max_size=60))
def test_no_content_stops_an_import(tmp_path_factory, text, data):
    where = tmp_path_factory.mktemp("any")
    made = Trial(
        where,
        {
            "content/issues/2024-03-01-a.md": post(text),
            "content/issues/b.md": f"---\ntitle: {text}\ndate: {text}\nsection: issue\naffected: [{text}]\n---\n{text}".encode(),
            "content/issues/c.md": data,
            "content/issues/2024-01-01-d.md": b"---\nsection: issue\nseverity: down\naffected:\n - "
            + data
            + b"\n---\n"
            + data,
        },
    )
    assert made.report.imported + made.report.partly + made.report.left_out >= 3


def test_what_cannot_be_imported_at_all_is_refused_before_anything_is_written(tmp_path):
    into = tmp_path / "site"
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImportRefused, match="no cState site"):
        import_cstate(tmp_path / "empty", into, "public")
    (tmp_path / "empty" / "content").mkdir()
    with pytest.raises(ImportRefused, match="no audience"):
        import_cstate(tmp_path / "empty", into, "exec")
    with pytest.raises(ImportRefused, match="time zone"):
        import_cstate(tmp_path / "empty", into, "public", "Mars/Base")
    assert not into.exists()
    (into / "site_src").mkdir(parents=True)
    (into / "site_src" / "components.toml").write_text("component = [")
    with pytest.raises(ImportRefused, match="components"):
        import_cstate(tmp_path / "empty", into, "public")


def test_a_site_without_a_readable_configuration_still_gives_its_posts(tmp_path):
    made = Trial(tmp_path, {"content/issues/a.md": post("See [x](/y).")}, config="title: [")
    assert {"broken-config", "no-address"} <= made.kinds
    assert made.words == "See x (/y)."
    assert [one.name for one in made.site.components] == ["Web"]


def test_a_toml_configuration_is_read(tmp_path):
    source = tmp_path / "cstate"
    (source / "content").mkdir(parents=True)
    (source / "hugo.toml").write_text(
        'title = "T"\nbaseURL = "https://s.example.com"\n[[params.systems]]\nname = "Web"\n'
    )
    import_cstate(source, tmp_path / "site", "public")
    site, _ = load_site_with_warnings(tmp_path / "site")
    assert (site.settings.id, site.settings.name, [one.name for one in site.components]) == (
        "s-example-com",
        "T",
        ["Web"],
    )


def test_the_report_is_plain_and_progress_is_told(tmp_path):
    made = Trial(tmp_path, {f"content/issues/{name}.md": post() for name in "abc"})
    told = []
    import_cstate(made.source, tmp_path / "again", "public", progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    plain = json.loads(json.dumps(made.report.plain()))
    assert (plain["imported"], plain["kinds"], plain["rows"][0]["kind"]) == (3, {"system-link": 1}, "system-link")


# Real sites, and how cState itself reads them.

ANNOUNCED = (
    "cState calls an announcement unresolved and shows it as neither; ours is closed, or it would stay open for ever"
)
NO_CLAIM = "an announcement claims nothing of any part, though its post names a severity and systems"
BACKWARDS = "resolvedWhen lies before date; ours is closed at its date or with its last dated words"
DIFFERENCES = {
    "cstate+example": {
        ("2024-02-24-maintenance-window.md", "resolved"): ANNOUNCED,
        ("2024-02-24-maintenance-window.md", "resolved_at"): ANNOUNCED,
        ("i-testing-cstate-functions.md", "resolved"): ANNOUNCED,
        ("i-testing-cstate-functions.md", "resolved_at"): ANNOUNCED,
    },
    "cstate-exampleSite": {
        ("2023-04-16-formatting-testing.md", "resolved"): ANNOUNCED,
        ("2023-04-16-formatting-testing.md", "resolved_at"): ANNOUNCED,
        ("2024-05-23-planning-meeting.md", "resolved"): ANNOUNCED,
        ("2024-05-23-planning-meeting.md", "resolved_at"): ANNOUNCED,
        ("i-testing-cstate-functions.md", "resolved"): ANNOUNCED,
        ("i-testing-cstate-functions.md", "resolved_at"): ANNOUNCED,
    },
    "dddice+status": {
        ("2022-07-08-planned-maintenance.md", "severity"): NO_CLAIM,
        ("2022-07-08-planned-maintenance.md", "affected"): NO_CLAIM,
        ("2022-10-10-planned-maintenance.md", "severity"): NO_CLAIM,
        ("2022-10-10-planned-maintenance.md", "affected"): NO_CLAIM,
    },
    "ddevault+status.sr.ht": {
        ("2019-02-18-Planned-maintenance.md", "resolved_at"): BACKWARDS,
        ("2019-12-20-git.sr.ht-migration.md", "resolved_at"): BACKWARDS,
    },
    "jenkins-infra+status": {
        ("2021-09-23-puppet-outage.md", "resolved_at"): BACKWARDS,
        ("2021-11-18-jenkins-io-outage.md", "resolved_at"): BACKWARDS,
        ("2022-06-13-repo-slow.md", "resolved_at"): BACKWARDS,
        ("2023-02-23-maintenance-aks-k8s-1-24.md", "resolved_at"): BACKWARDS,
        ("2023-06-02-trusted.ci-migration-to-azure.md", "resolved_at"): BACKWARDS,
        ("2023-12-06-systempool-tainted.md", "resolved_at"): BACKWARDS,
        ("2024-06-05-RPU-trusted.md", "resolved_at"): BACKWARDS,
        ("2026-04-29-ci-maintenance-sec-advisory.md", "resolved_at"): BACKWARDS,
    },
}
LATE = datetime(2030, 1, 1, tzinfo=UTC)
STATUS_OF_STATE = {
    "operational": "ok",
    "degraded_performance": "notice",
    "partial_outage": "disrupted",
    "major_outage": "down",
}
SEVERITY_OF_IMPACT = {"critical": "down", "major": "disrupted", "minor": "notice", "none": ""}
SITES = sorted(path.name for path in (SHARED / "cstate").glob("*")) if (SHARED / "cstate").is_dir() else []


PRINTED = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d{1,2}):(\d\d:\d\d)(?:\.\d+)?(?:Z| ?([+-]\d\d):?(\d\d))?")


def instant(text):
    """Read what cState prints of a time, as UTC; None for none."""
    found = PRINTED.match(text)
    if found is None:
        return None
    day, hour, rest, ahead, minutes = found.groups()
    zone = f"{ahead}:{minutes}" if ahead and f"{ahead}{minutes}" != "-0000" else "+00:00"
    return datetime.fromisoformat(f"{day}T{hour:0>2}:{rest}{zone}").astimezone(UTC)


class Real(NamedTuple):
    """One real site: what its import reported, what the public may see of it now, cState's JSON."""

    name: str
    report: Report
    warnings: tuple
    view: View
    issues: list
    index: dict


@pytest.fixture(scope="module", params=SITES)
def real(request, tmp_path_factory):
    into, oracle = tmp_path_factory.mktemp("real"), SHARED / "cstate-oracle" / request.param
    report = import_cstate(SHARED / "cstate" / request.param, into, "public")
    site, warnings = load_site_with_warnings(into)
    view, _ = project(site, PUBLIC_READER, LATE)
    issues, index = (json.loads((oracle / name).read_text(), strict=False) for name in ("issues.json", "index.json"))
    return Real(request.param, report, warnings, view, issues, index)


def ours(incident, names):
    """Say of one of our incidents what cState's own JSON says of its post."""
    return {
        "title": incident.title,
        "created": incident.started_at,
        "resolved": not incident.is_open,
        "resolved_at": incident.resolved_at,
        "severity": SEVERITY_OF_IMPACT[incident.impact],
        "affected": sorted(names[component] for component in incident.affected),
    }


def theirs(issue):
    return {
        "title": issue["title"].strip(),
        "created": instant(issue["createdAt"]),
        "resolved": issue["resolved"],
        "resolved_at": instant(issue["resolvedAt"]),
        "severity": "" if issue["severity"].startswith("<") else issue["severity"],
        "affected": sorted(name.strip() for name in issue["affected"]),
    }


@pytest.mark.slow
def test_a_real_site_is_read_as_cstate_reads_it(real):
    assert real.warnings == ()
    assert real.report.imported + real.report.partly == len(real.issues) == len(real.view.incidents)
    names = {component.id: component.name for component in real.view.components}
    found = {incident.id: ours(incident, names) for incident in real.view.incidents}
    different = {}
    for issue in real.issues:
        mine = found[digest_id(real.view.about.url, f"content/issues/{issue['filename']}")]
        for field, value in theirs(issue).items():
            if mine[field] != value:
                different[issue["filename"], field] = (mine[field], value)
    assert set(different) == set(DIFFERENCES.get(real.name, {})), different


def test_the_parts_of_a_real_site_are_in_the_state_cstate_shows(real):
    states = {component.name: STATUS_OF_STATE[component.state] for component in real.view.components}
    assert {one["name"]: states[one["name"]] for one in real.index["systems"]} == {
        one["name"]: one["status"] for one in real.index["systems"]
    }


TIME_WORD = re.compile(r"\d+|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec")
HEADINGS = frozenset(
    [
        "message",
        "initial",
        "final",
        "closing",
        "close",
        "open",
        "opening",
        "issue",
        "incident",
        "maintenance",
        "end",
        "of",
        "outage",
    ]
)
JOINED = {"dddice+status": {"w", "e"}}
"""Words that an invisible character in the source cuts in two."""


def words(html_text):
    return Counter(re.findall(r"\w+", html.unescape(re.sub(r"<[^>]+>", " ", html_text)).lower()))


def test_no_word_of_a_real_post_is_lost_but_times_and_the_headings_of_its_parts(real):
    found = {incident.id: incident for incident in real.view.incidents}
    lost = Counter()
    for issue in real.issues:
        incident = found[digest_id(real.view.about.url, f"content/issues/{issue['filename']}")]
        passages = (passage.markdown for update in incident.updates for passage in update.passages)
        lost += words(issue["body"]) - words(" ".join(str(to_html(markdown)) for markdown in passages))
    assert {word for word in lost if not TIME_WORD.fullmatch(word)} - HEADINGS == JOINED.get(real.name, set())
