"""What has gone wrong elsewhere, each as a test that bears its name: the page that leaked, the build that followed a link."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping
from email import message_from_bytes, policy
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import msgspec
import pytest

from heliograph.gate.labels import PUBLIC_READER, Readership
from heliograph.load import load_site
from heliograph.message import Mail
from heliograph.model import Site
from heliograph.pipeline import trees
from heliograph.problems import Refused
from heliograph.publish.plan import plan_publish
from heliograph.render import markup
from heliograph.render.layouts import Layouts
from heliograph.render.mail import POLICY, HeaderRefused, message_bytes
from heliograph.times import read_instant
from heliograph.tree.artifact import Artifact
from heliograph.tree.fsio import WriteRefused
from heliograph.tree.manifest import entry_of
from heliograph.tree.swap import check_apart, check_output_root
from sites import INCIDENT, TINY, UPDATE, Content, write_site

AT = read_instant("2026-11-21T14:30Z")
SECRET = "zanzibar-quokka"
DIGESTS = {
    "audiences/public.toml": str(TINY["audiences/public.toml"]).replace('"api"', '"api", "digest"'),
    UPDATE: str(TINY[UPDATE]) + "\n::: strategic\nYour payments.\n",
}
HIDDEN_INCIDENT: dict[str, Content] = {
    "incidents/2026-11-21-hidden/incident.md": f"---\nid: h7h8h9h2\ntitle:\n  internal: {SECRET} ledger\nstarted_at: 2026-11-21T14:10Z\n---\n",
    "incidents/2026-11-21-hidden/1412-x.md": (
        "---\nid: u7u8u9u2\naudience: internal\nstatus: investigating\nat: 2026-11-21T14:12Z\nseverity: sev1\n"
        f"components:\n  checkout: major_outage\n  ledger: major_outage\nnext_update: 30m\n---\n{SECRET}\n"
    ),
}


def files_of(site: Site, wanted: str) -> dict[str, Artifact]:
    """Every file of one tree, by path."""
    return {
        artifact.path: artifact
        for tree in trees(site, Layouts(), AT)
        if tree.name == wanted
        for artifact in tree.artifacts
    }


@lru_cache(maxsize=1)
def public() -> dict[str, Artifact]:
    """The public tree of the example."""
    site = load_site(Path(__file__).parents[1])
    assert site.settings.clock is not None
    return {
        artifact.path: artifact
        for tree in trees(site, Layouts(), site.settings.clock)
        if tree.name == "public"
        for artifact in tree.artifacts
    }


# --- what one surface told ----------------------------------------------------------------------------------------


def test_uptime_kuma_cve_2026_32230_no_surface_forgets_the_filter(tmp_path):
    """One badge endpoint lacked `public = 1`: here every file of every tree for outsiders is compared."""
    quiet = load_site(write_site(tmp_path / "quiet", DIGESTS))
    loud = load_site(write_site(tmp_path / "loud", {**DIGESTS, **HIDDEN_INCIDENT}))
    for tree in ("public", "macros"):
        assert files_of(quiet, tree) == files_of(loud, tree)
    assert len(files_of(loud, "public")) > 20
    assert any(SECRET.encode() in file.data for file in files_of(loud, "internal").values())


def test_statusify_27_no_mail_is_made_of_what_is_internal(tmp_path):
    quiet = files_of(load_site(write_site(tmp_path / "quiet", DIGESTS)), "mail")
    loud = files_of(load_site(write_site(tmp_path / "loud", {**DIGESTS, **HIDDEN_INCIDENT})), "mail")
    outside = ("public/", "strategic/")
    assert (
        [path for path in loud if path.startswith(outside)]
        == [path for path in quiet if path.startswith(outside)]
        != []
    )
    assert all(loud[path] == file for path, file in quiet.items() if path.startswith(outside))


KEYS = {
    *(
        "affected_components",
        "body",
        "code",
        "color",
        "components",
        "content_html",
        "created_at",
        "custom_tweet",
        "date_modified",
    ),
    *(
        "date_published",
        "deliver_notifications",
        "description",
        "display_at",
        "feed_url",
        "group",
        "group_id",
        "home_page_url",
        "id",
    ),
    *(
        "impact",
        "incident_id",
        "incident_updates",
        "incidents",
        "indicator",
        "items",
        "label",
        "language",
        "message",
        "monitoring_at",
    ),
    *(
        "kind",
        "open",
        "name",
        "new_status",
        "next_change_at",
        "old_status",
        "only_show_if_degraded",
        "page",
        "page_id",
        "position",
        "resolved_at",
    ),
    *(
        "scheduled_for",
        "scheduled_maintenances",
        "scheduled_until",
        "schemaVersion",
        "shortlink",
        "showcase",
        "start_date",
        "started_at",
    ),
    *("status", "time_zone", "title", "tweet_id", "updated_at", "url", "version"),
}
"""Every key of every JSON file that the public gets; a new one is added here by someone who asked what it tells."""


def keys(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def test_lunalytics_191_and_opsknight_619_answers_hold_no_more_keys_than_are_listed():
    found = {key for path, file in public().items() if path.endswith(".json") for key in keys(json.loads(file.data))}
    assert found - KEYS == set()


WIDER = [
    'shows = "all"', 'shows = "public-and-own"', 'surfaces_of = "everything"', 'sees = ["internal"]', "sees = []", "include_all = true",
    "include_all_incidents_in_rss_feed = true", 'when = {impact = ["none"]}', 'wait_for = "nothing"', 'clearance = ["internal"]',
    'labels = ["internal"]', 'after = ["internal"]', 'owner = "internal"', 'digest = {mode = "batched", every = "1h"}', "[feed]\nall = true",
    'when = {severity = ["sev1"]}', 'signoff = {major = ["commander"]}', 'cadence = {major = {first = "5m", every = "15m"}}', 'boundary_of = "internal"',
]  # fmt: skip


@pytest.mark.parametrize("line", WIDER)
def test_better_stack_no_switch_widens_what_outsiders_read(tmp_path, line):
    changed = {"audiences/public.toml": f"{TINY['audiences/public.toml']}{line}\n", **HIDDEN_INCIDENT}
    try:
        site = load_site(write_site(tmp_path, changed))
    except Refused:
        return
    assert Readership(site).policy(PUBLIC_READER).clearance == {"public"}
    assert not any(SECRET.encode() in file.data for file in files_of(site, "public").values())


# --- what a build read, ran and followed --------------------------------------------------------------------------

BESIDE = [
    "_internal",
    "-internal",
    ".internal",
    "internal",
    "2",
    "_",
    "-",
    ".",
    "s",
    "X",
    "_old",
    "-2",
    ".bak",
    "~",
    "+",
    "@",
    " x",
    "é",
    ",x",
    "=x",
]


@pytest.mark.parametrize("suffix", BESIDE)
def test_pymdownx_cve_2026_46338_a_sibling_whose_name_begins_alike_is_not_inside(tmp_path, suffix):
    root = write_site(tmp_path / "site")
    docs = tmp_path / "docs"
    docs.mkdir()
    check_apart(docs, tmp_path / f"docs{suffix}")
    check_output_root(root / f"dist{suffix}", root)
    if not suffix.startswith("."):
        check_output_root(root / f"incidents{suffix}", root)
    for inside in (docs, docs / "x", docs / suffix, docs / ".." / "docs" / "x"):
        with pytest.raises(WriteRefused):
            check_apart(docs, inside)
    with pytest.raises(WriteRefused):
        check_output_root(root / "incidents" / f"incidents{suffix}", root)


INCLUDES = [
    ".. include:: {}", ".. literalinclude:: {}", '--8<-- "{}"', "--8<--\n{}\n--8<--", "!include {}", "!include({})", "{{{{< include {} >}}}}", "{{% include '{}' %}}",
    "{{{{include {}}}}}", "@include {}", '<!--#include file="{}" -->', "```{{include}} {}\n```", ":::{{include}} {}", "![[{}]]", "[[include:{}]]", "\\input{{{}}}",
    "![x]({})", "[x](file://{})", '<object data="{}"></object>', "<?include {}?>", "$[x]({})", "@[x]({})", "!INCLUDE {}", "import '{}'",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("syntax", INCLUDES)
def test_mistune_cve_2026_115353_no_way_to_include_a_file_does(tmp_path, syntax):
    (tmp_path / "secret.txt").write_text(SECRET)
    text = syntax.format(tmp_path / "secret.txt")
    assert SECRET not in markup.to_html(text) + markup.to_text(text)
    update = str(TINY[UPDATE]).replace("We are looking into it.", text)
    try:
        site = load_site(write_site(tmp_path / "site", {UPDATE: update}))
    except Refused as refused:
        assert SECRET not in "".join(map(str, refused.problems))
        return
    for tree in ("public", "internal", "mail", "macros"):
        assert not any(SECRET.encode() in file.data for file in files_of(site, tree).values())


COMPONENTS = [
    "site_src",
    "audiences",
    "incidents",
    "incidents/2026-11-21-checkout",
    UPDATE,
    INCIDENT,
    "site_src/site.toml",
    "audiences/public.toml",
    "site_src/pages",
]


@pytest.mark.parametrize("part", COMPONENTS)
def test_jekyll_cve_2018_17567_and_rtd_no_link_is_followed_at_any_place_of_a_path(tmp_path, part):
    outside = tmp_path / "outside"
    root = write_site(tmp_path / "site")
    place = root / part
    if place.exists():
        place.rename(outside)
    else:
        outside.mkdir()
    place.symlink_to(outside)
    with pytest.raises(Refused) as refused:
        load_site(root)
    assert ("E306", part) in {(problem.code, problem.place.file) for problem in refused.value.problems}


EXPANSIONS = [
    "${SECRET}",
    "$SECRET",
    "{{ SECRET }}",
    "%(SECRET)s",
    "{0.__class__}",
    "%SECRET%",
    "`echo $SECRET`",
    "$(echo $SECRET)",
    "{{7*7}}",
    "#{7*7}",
]


@pytest.mark.slow
@pytest.mark.parametrize("text", EXPANSIONS)
def test_cachet_cve_2023_43661_and_2021_39174_nothing_an_author_writes_is_expanded(tmp_path, monkeypatch, text):
    monkeypatch.setenv("SECRET", SECRET)
    changed: dict[str, Content] = {
        UPDATE: str(TINY[UPDATE]).replace("We are looking into it.", f"We look into it: {text}"),
        INCIDENT: str(TINY[INCIDENT]).replace("Some payments fail", json.dumps(f"Payments {text}")),
        "site_src/site.toml": str(TINY["site_src/site.toml"]) + f"notice = {json.dumps(text)}\n",
    }
    site = load_site(write_site(tmp_path, changed))
    assert site.settings.notice == text
    assert site.incidents[0].titles[0].words == f"Payments {text}"
    made = [
        file.data.decode("utf-8", "replace")
        for tree in ("public", "internal", "mail", "macros")
        for file in files_of(site, tree).values()
    ]
    assert not any(SECRET in page for page in made)
    assert not any("Payments 49" in page for page in made)


# --- mail ---------------------------------------------------------------------------------------------------------

MAIL = Mail(
    audience="exec", subject="s", preheader="p", text="t\n", html="<p>t</p>", at=AT, thread="t", from_name="Status", from_="status@example.com", list_id="<a.example.com>"
)  # fmt: skip
PIECES = ["\r\n", "\n", "\r", "\0", "\u2028", "\x85", "=?utf-8?q?", "?=", "=0D=0A", "Bcc: evil@evil.example", "a", "é", "\U0001f600", " ", "\t", ",", "<", ">", '"', "\\", ":", ";", "\ud800", "=?x?b?Cg==?=", "(", ")", "@"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("field", ["subject", "from_name", "from_", "reply_to", "list_id"])
def test_cpython_cve_2024_6923_and_2026_1299_no_value_adds_a_header(field):
    source = random.Random(field)
    expected = {
        "From",
        "Subject",
        "Date",
        "List-Id",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "Content-Language",
        "MIME-Version",
        "Content-Type",
    }
    sent = 0
    for _ in range(600):
        value = "".join(source.choice(PIECES) for _ in range(source.randint(1, 7)))
        try:
            data = message_bytes(msgspec.structs.replace(MAIL, **{field: value}))
        except (HeaderRefused, ValueError):
            continue
        sent += 1
        names = [name for name, _ in message_from_bytes(data, policy=POLICY).items()]
        assert set(names) <= expected | {"Reply-To"}, ascii(value)
        assert len(names) == len(set(names)), ascii(value)
        assert (
            next(
                str(address) for address in message_from_bytes(data, policy=policy.default)["From"].addresses
            ).endswith("status@example.com>")
            or field == "from_"
        )
    assert sent > 5 or field in ("from_", "reply_to")


# --- publishing ---------------------------------------------------------------------------------------------------


def test_aws_cli_599_and_4460_a_change_that_keeps_the_size_is_published():
    before = [Artifact(f"p{number}/index.html", b"<p>version 1</p>") for number in range(200)]
    after = [Artifact(artifact.path, b"<p>version 2</p>") for artifact in before]
    plan = plan_publish(map(entry_of, after), map(entry_of, before), [artifact.path for artifact in before])
    assert len(plan.steps) == 200
    assert plan.unchanged == 0


class Fetched(HTMLParser):
    """Gathers what a browser fetches for a page by itself, and the pages and files it links to."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.linked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        loads = tag in ("img", "script", "source", "iframe", "use") or (
            tag == "link" and re.search("stylesheet|icon|preload", named.get("rel") or "")
        )
        self.fetched += [value for name in ("src", "href") if loads and (value := named.get(name))]
        self.linked += [value for name in ("href",) if tag == "a" and (value := named.get(name))]


def needs_of(path: str, data: bytes) -> tuple[set[str], set[str]]:
    """What a page of a tree fetches, and the tree's files it links to, as paths."""
    page = Fetched()
    page.feed(data.decode())
    base = f"https://here.example/{path}"

    def inner(addresses: list[str]) -> set[str]:
        whole = (urljoin(base, address).partition("#")[0].partition("?")[0] for address in addresses)
        paths = (
            address.removeprefix("https://here.example/")
            for address in whole
            if address.startswith("https://here.example/")
        )
        return {f"{one}index.html" if one.endswith("/") or not one else one for one in paths}

    return inner(page.fetched), inner(page.linked)


def test_upptime_726_a_page_fetches_nothing_from_anywhere_else():
    for path, file in public().items():
        if path.endswith(".html") and path != "404.html":
            page = Fetched()
            page.feed(file.data.decode())
            assert [address for address in page.fetched if re.match(r"(?!data:)[a-z]+:|//", address)] == [], path
            assert needs_of(path, file.data)[0] <= public().keys(), path


def test_mdn_yari_3315_datadog_7898_pulumi_1687_and_sst_6289_no_page_is_there_before_what_it_fetches(tmp_path):
    old = files_of(load_site(write_site(tmp_path / "old")), "public")
    shifted = {
        path: Artifact(path.replace("style.", "style.0ld"), artifact.data)
        for path, artifact in old.items()
        if "style." in path
    }
    there = {
        **{path: artifact for path, artifact in old.items() if "style." not in path},
        **{one.path: one for one in shifted.values()},
    }
    there = {
        path: Artifact(path, artifact.data.replace(b"style.", b"style.0ld")) if path.endswith(".html") else artifact
        for path, artifact in there.items()
    }
    update = str(TINY[UPDATE]).replace("We are looking into it.", "We have looked into it.")
    second = {
        "incidents/x/incident.md": str(TINY[INCIDENT]).replace("k3x9q2mf", "x3x9q2mf"),
        "incidents/x/1.md": update.replace("7qm4tz2c", "x2x3x4x5"),
    }
    new = files_of(load_site(write_site(tmp_path / "new", {UPDATE: update, **second})), "public")
    plan = plan_publish(map(entry_of, new.values()), map(entry_of, there.values()), there)
    assert {step.phase for step in plan.steps} >= {"assets", "new files", "changed pages", "indexes", "deletes"}
    for step in plan.steps:
        if step.action == "put":
            there[step.path] = new[step.path]
        else:
            del there[step.path]
        for path, artifact in there.items():
            if path.endswith(".html") and path != "404.html":
                fetched, linked = needs_of(path, artifact.data)
                assert fetched <= there.keys(), (str(step), path)
                assert linked <= there.keys(), (str(step), path)
    assert there == new
