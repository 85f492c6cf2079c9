"""The second wall: finished files are read back as anyone could, and refused if they tell what their reader may not read.

Each guard is also shown without a part of it: then what it is there for comes through.
"""

import gzip
import io
import pickle
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import structs
from PIL import Image, PngImagePlugin

import egress_cases as cases
from command import environment, run, snapshot
from conftest import SHARED
from egress_cases import Hidden, Place, annotated, told, written
from heliograph.egress import CANARY, Part, Watch, decode, guarded, house, letters, suspects, visible, wall
from heliograph.gate import release
from heliograph.load import load_site
from heliograph.parallel import at_once
from heliograph.pipeline import Build
from heliograph.problems import Problem, Refused
from heliograph.render import markup
from heliograph.render.layouts import Layouts
from heliograph.serve.shelf import Offer, Shelf
from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.tree.write import TreePlan, write_trees
from sites import write_site

SECRET = "The storage crew drained the primary in rack nine before anybody noticed."
AT = Place("incidents/x/1.md", 9, 1)


def page(*blocks):
    """One page that says each of some blocks."""
    body = "".join(f"<p>{block}</p>" for block in blocks)
    return text_artifact("index.html", f"<!doctype html><title>Status</title><main>{body}</main>")


def hidden(*words):
    return [Hidden(one, AT) for one in words]


# What is found, however it is written


def finds_each(way, count):
    """How many of some secrets are found in files that tell them in one way; each is looked for alone."""
    secrets, files = written(way, cases.sentences(count))
    return sum(bool(told([secret], [file])) for secret, file in zip(secrets, files, strict=True))


@pytest.mark.parametrize("way", cases.WRITTEN.values(), ids=[name.replace(" ", "-") for name in cases.WRITTEN])
def test_a_secret_is_found_however_it_is_written(way):
    assert finds_each(way, 12) == 12


def test_which_words_occur_in_the_order_of_the_alphabet_is_the_one_thing_no_comparison_of_text_sees():
    assert finds_each(cases.sorted_tokens, 12) == 0


BROKEN = {
    "entities": ("entities for all letters", {"unescape": lambda text: text}),
    "addresses": ("percent-encoded", {"unquote": lambda text: text}),
    "base64": ("data address", {"_base64": lambda blob: iter(())}),
    "encoded words": ("encoded words", {"_encoded_words": lambda run: "", "_base64": lambda blob: iter(())}),
    "packed files": ("gzip", {"_packed": lambda kind, data: None}),
    "mail": ("base64", {"_packed": lambda kind, data: None, "_base64": lambda blob: iter(())}),
    "pictures": ("text in a picture", {"texts_in": lambda data: None}),
    "escapes": ("JSON escapes", {"_character": lambda found: found.group()}),
    "styles": ("CSS escapes", {"_character": lambda found: found.group()}),
    "inline elements": ("emphasis inside words", {"JOINT": "\0"}),
    "values": (
        "attribute in XML",
        {"_MARKED_UP": (), "_READERS": {"atom": lambda text: re.sub("<[^>]*>", " ", text).split("\n")}},
    ),
    "depth": ("markup within XML", {"_DEPTH": 1}),
    "paths": ("slug", {"read": lambda artifact, pieces=None: {artifact.data.decode()}}),
}
"""What the reading is done without, a way that then comes through, and what is put in its place."""


@pytest.mark.parametrize(("way", "instead"), BROKEN.values(), ids=BROKEN)
def test_without_reading(way, instead, monkeypatch):
    assert finds_each(cases.WRITTEN[way], 3) == 3
    for name, value in instead.items():
        monkeypatch.setattr(decode, name, value)
    assert finds_each(cases.WRITTEN[way], 6) == 0


PIECES = ("<", ">", "<b>", "</p>", "<![CDATA[x]]>", "&#65;", "&lt;i&gt;", "%41", "\\u0041", "=41", "=?utf-8?q?a=20b?=", "aGVsbG8gd29ybGQgdGhpcyBpcyBhIHNlY3JldCB0ZXh0", "\0", "\n", "words")  # fmt: skip


def test_what_is_found_within_a_run_does_not_depend_on_the_runs_beside_it():
    dice = random.Random("beside")
    for _ in range(500):
        runs = ["".join(dice.choices(PIECES, k=dice.randrange(1, 6))) for _ in range(6)]
        alone = {inner for run in runs for inner in decode.unwrap({run: "x"})}
        assert alone <= decode.unwrap(dict.fromkeys(runs, "x")).keys()


@pytest.mark.parametrize("known", [5, 1 << 16])
def test_every_run_is_read_once_however_many_files_were_read_before(known, monkeypatch):
    monkeypatch.setattr(decode, "_KNOWN", known)
    dice = random.Random("files")
    tags = (
        "<p>",
        "<a href='x.html' title='Some value'>",
        '<img alt="Another value">',
        "<b>",
        "</b>",
        "<",
        "words",
        "more",
    )
    files = [page("".join(dice.choices(tags, k=8))) for _ in range(200)]
    reading = decode.Reading()
    read = [run for file in files for run in reading.fresh(file)]
    assert {*read} == {run for file in files for run in decode.read(file)}
    assert (len(read) == len({*read})) == (known > 5)


def test_without_compatible_forms(monkeypatch):
    monkeypatch.setattr(letters, "_plain", lambda text: text.casefold())
    assert finds_each(cases.WRITTEN["full-width letters"], 6) == 0


def test_another_script_is_compared_as_closely():
    japanese, german = "決済データベースの冗長系が切り替え後に停止した", "Störung im Größenmaß des Zahlungsrückläufers"
    assert told(hidden(japanese), [page(f"お知らせ：{japanese[3:17]}。")])
    assert told(hidden(german), [Artifact("storung-im-grossenmass-des-zahlungsrucklaufers.html", b"")])
    assert not told(hidden(japanese), [page("決済を確認しています")])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_words_in_a_pictures_metadata_are_found_and_pixels_are_not_read(kind):
    bare, told_in, exif = io.BytesIO(), io.BytesIO(), Image.Exif()
    exif[0x010E] = SECRET
    picture = Image.new("RGB", (32, 32), "red")
    picture.save(bare, kind)
    picture.save(told_in, kind, exif=exif)
    assert not told(hidden(SECRET), [Artifact("a.x", bare.getvalue())])
    assert told(hidden(SECRET), [Artifact("a.x", told_in.getvalue())])
    assert told(hidden(SECRET), [Artifact("a.x", bare.getvalue() + SECRET.encode())])
    assert told(hidden(SECRET), [Artifact("a.x", bare.getvalue() + SECRET.encode("utf-16-le"))])


def test_packed_text_of_a_png_is_unpacked():
    data, info = io.BytesIO(), PngImagePlugin.PngInfo()
    info.add_itxt("Comment", SECRET, zip=True)
    Image.new("RGB", (4, 4)).save(data, "PNG", pnginfo=info)
    assert SECRET.encode() not in data.getvalue()
    assert told(hidden(SECRET), [Artifact("a.png", data.getvalue())])


def test_a_bomb_is_unpacked_only_so_far(monkeypatch):
    monkeypatch.setattr(decode, "_LIMIT", 1000)
    bomb = gzip.compress(b"<p>" + b"x" * 10_000_000)
    assert max(map(len, decode.read(Artifact("a.html", bomb)))) <= 1000


def test_large_trees_are_held_to_the_same(monkeypatch):
    monkeypatch.setattr(wall, "_ENOUGH", 200)
    secrets, files = written(cases.WRITTEN["verbatim"], cases.sentences(30))
    between = [
        page(*cases.PUBLIC_WORDS),
        page("Something else that is said here", "and is long enough to be looked at"),
    ]
    told_of = told(secrets, [one for file in files for one in (file, *between)])
    assert {problem.place for problem in told_of} == {secret.place for secret in secrets}
    assert not told(secrets, between * 5)


# What passes


@pytest.mark.parametrize(
    "note",
    [
        "We have found the cause and are rolling out a fix. (Public text, keep.)",
        "payments",
        "platform-oncall",
        "Told them: a payment that failed was not charged.",
        "21 November 2026, 14:05 UTC",
        "14:05",
        "SEV2",
        "UTF-8",
        "see index.html",
    ],
)
def test_what_the_reader_may_see_anyway_and_plain_words_and_times_are_no_leak(note):
    shown = page(*cases.PUBLIC_WORDS, "platform oncall payments 21 November 2026, 14:05 UTC SEV2 UTF-8 index.html")
    assert not told(hidden(note), [shown], (cases.PUBLIC_WORDS, "platform oncall"))


def test_words_are_visible_across_the_address_of_a_link():
    said = "See [the account of the failover](https://status.example.com/x) for more of it."
    assert not told(
        hidden("See the account of the failover for more"),
        [page("See <a href='x'>the account of the failover</a> for more of it")],
        (said,),
    )


def test_without_what_the_reader_may_see_its_own_words_would_be_refused(monkeypatch):
    note = hidden("We said: A payment that failed was not charged.")
    assert not told(note, [page(*cases.PUBLIC_WORDS)])
    monkeypatch.setattr(visible, "strings_of", lambda part: [])
    assert told(note, [page(*cases.PUBLIC_WORDS)])


NAMES = {"names": ("Checkout", "Settlement files"), "titles": ("Some payments in Europe are failing",)}
STRUNG = ["Checkout, Settlement files: partial outage", "Since 14:02 UTC some payments in Europe have been failing", "Settlement files and Checkout"]  # fmt: skip


@pytest.mark.parametrize("words", STRUNG)
def test_names_states_and_titles_may_be_strung_together(words, monkeypatch):
    said = ("Checkout", "Settlement files", "Some payments in Europe are failing", "partial outage")
    assert not told(hidden(f"{words} since then"), [page(f"{words}.")], said, **NAMES)
    monkeypatch.setattr(suspects, "made_by_seams", lambda *_: set())
    monkeypatch.setattr(wall, "in_sentences", lambda title: ())
    assert told(hidden(f"{words} since then"), [page(f"{words}.")], said, **NAMES)


def test_the_houses_own_words_are_no_leak():
    words = "What happened, and what we change"
    assert told(hidden(words), [page(words)])
    assert not told(hidden(words), [page(words)], house=lambda: [f"<h2>{words}</h2>"])


def test_what_was_rendered_is_none_of_the_houses_own_words(tmp_path):
    rendered = "A passage that was rendered and stands in a memo of a renderer."
    before = house._renderers_words.__wrapped__()
    assert "What happened, and what we change" in before
    markup.to_html(rendered)
    assert house._renderers_words.__wrapped__() == before
    assert not any(rendered in text for text in before)


# What is found whole


@pytest.mark.parametrize(
    ("note", "said", "harmless"),
    [
        ("Look at db-7.corp.example first", "db-7.corp.example", "db-7, corp; example"),
        ("Look at https://chat.corp.example/c/123", "https://chat.corp.example/c/123", "chat, corp.example/c/123"),
        ("Look at https://chat.corp.example/c/123", "chat.corp.example", "our chat.corp.examples"),
        ("10.20.3.7 is gone", "10.20.3.7", "10.20.3.75, 110.20.3.7, 10, 20, 3, 7"),
        ("fe80:0:0:12ab:9:8:7:6 is gone", "fe80:0:0:12ab:9:8:7:6", "12ab:9:8:7:6"),
        ("ask ops-lead@corp.example", "OPS-LEAD@corp.example", "ops lead at corp example"),
        ("Tracked as OPS-77", "ops-77", "ops-778 laptops-77 ops. 77 of them"),
        ("Tracked as INC-123.", "INC_123", "Globex, Inc. 123 customers"),
        (f"{CANARY}blue-3", f"{CANARY}blue-3", "hg-canary-blue"),
        ("Fail over by hand", "We fail over by hand.", "fail over by handshake"),
        ("1,240 of 31,000 accounts", "1,240 of 31,000 accounts", "21,240 of 31,000 accounts"),
        ("platform-oncall", "platform-oncall", "platform-oncalls"),
    ],
)  # fmt: skip
def test_tokens_and_short_texts_are_found_whole(note, said, harmless):
    assert told(hidden(note), [page(f"x {said} y")])
    assert told(hidden(note), [page(f"x <b>{said[:3]}</b>{said[3:]} y")])
    assert not told(hidden(note), [page(f"x {harmless} y")])
    assert not told(hidden(note), [page(f"x {said} y")], (f"Known: {said}",))


def test_another_customers_name_is_found_though_it_is_one_word():
    names = frozenset({"Globex"})
    assert told(hidden("Globex"), [page("Globex is told first")], customers=names)
    assert not told(hidden("Globex"), [page("Globexes are told first")], customers=names)
    assert not told(hidden("Globex"), [page("Globex is told first")])


def test_sensitive_terms_and_canaries_pass_nowhere_even_if_somebody_wrote_them_for_outsiders():
    for term, said in (
        ("corp.example", "see wiki.corp.example"),
        ("war room", "the War Room"),
        ("hg-canary", "hg-canary-7"),
    ):
        found = told([], [page(said)], (said,), terms=("nothing like it", term))
        assert [problem.code for problem in found] == ["E802"]
        assert not told([], [page("see wiki.corpXexample", "award roomy", "canary")], terms=(term,))
    assert told(hidden("see the war room"), [page("war room")], terms=("war room",))[0].place == AT


LONG = ("a-", "a.", "a@", "A", "=AB", "%zz\\", "%41", "<a ", "<", "&amp;", "&#", '"', "=?a?", "1.", "ab:", "https://")


@pytest.mark.slow
def test_no_text_takes_more_time_than_its_length_asks_for():
    """Were any step quadratic, texts of 200,000 characters would take minutes, and the watchdog would bite."""
    probe = (
        "import egress_cases as c, test_egress as t\n"
        "for piece in t.LONG:\n"
        "    words = (piece * 200_000)[:200_000]\n"
        "    files = [t.page(words), *(t.Artifact(f'a.{kind}', words.encode()) for kind in ('txt', 'json', 'eml', 'ics'))]\n"
        "    assert c.told(t.hidden(f'{t.SECRET} {words}', t.SECRET), [*files, t.page(t.SECRET)], ('Nothing',))\n"
        "print('read')"
    )
    command = [sys.executable, "-c", probe]
    done = subprocess.run(command, cwd=Path(__file__).parent, env=environment(), timeout=120, capture_output=True)
    assert (done.stdout.split(), done.stderr) == ([b"read"], b"")


# What is said about it


def test_a_finding_names_the_source_and_the_file_and_never_the_words():
    found = told(hidden(SECRET), [page("Nothing"), Artifact("incidents/k3/index.html", f"<p>{SECRET}</p>".encode())])
    assert [(problem.place, problem.code) for problem in found] == [(AT, "E801")]
    assert "public/incidents/k3/index.html" in found[0].message
    assert not any(word in str(found[0]) for word in ("storage", "drained", "rack"))
    assert str(found[0]).startswith("incidents/x/1.md:9:1 E801 ")


def test_all_findings_are_told_at_once_up_to_a_hundred():
    secrets, files = written(cases.WRITTEN["verbatim"], cases.sentences(130))
    found = told(secrets, files)
    assert len(found) == 101
    assert sum("30 more" in problem.message for problem in found) == 1


def test_files_pass_on_unchanged_and_the_refusal_comes_after_the_last():
    files = [page("Nothing"), Artifact("b.html", SECRET.encode()), Artifact("c.html", b"c")]
    watch = Watch(reader="public", hidden=lambda: hidden(SECRET), authored=(), shown=())
    passing = guarded("public", [Part(watch, files)])
    assert [next(passing) for _ in files] == files
    with pytest.raises(Refused):
        next(passing)


def test_findings_of_all_trees_are_told_and_nothing_is_swapped_also_from_other_processes(tmp_path):
    def plan(tree, words):
        watch = Watch(reader=tree, hidden=lambda: [Hidden(SECRET, Place(f"{tree}.md"))], authored=(), shown=())
        files = guarded(tree, [Part(watch, [text_artifact("index.html", words)])])
        return TreePlan(name=tree, boundary="internal", site="x", artifacts=files)

    write_trees(tmp_path, [plan("internal", "hello"), plan("public", "hello")], at_once)
    before = snapshot(tmp_path)
    with pytest.raises(Refused) as refused:
        write_trees(tmp_path, [plan("internal", SECRET), plan("public", SECRET)], at_once)
    assert len(refused.value.problems) == 2
    assert snapshot(tmp_path) == before


def test_a_refusal_travels_between_processes():
    refused = Refused([Problem(AT, "E801", "no")])
    assert pickle.loads(pickle.dumps(refused)).problems == refused.problems


# In every build


def made(root, **changes):
    site = load_site(write_site(root, changes or None))
    return Build(site, Layouts(root / "layouts"), site.incidents[0].updates[0].at)


def refusals(build):
    """What each tree is refused for."""
    for plan in build.trees():
        try:
            list(plan.artifacts)
        except Refused as refused:
            yield from ((plan.name, problem) for problem in refused.problems)


def test_a_layout_that_tells_a_secret_is_refused_with_exit_code_3_and_nothing_changes(tmp_path, capsys):
    site = write_site(tmp_path / "site", {"incidents/2026-11-21-checkout/1500-note.md": NOTE})
    assert run(capsys, "build", site=site).code == 0
    before = snapshot(site / "dist")
    own = site / "layouts/web/404.html"
    own.parent.mkdir(parents=True)
    own.write_text(f'{{% extends "!default/web/404.html" %}}{{% block main %}}<p>{SECRET}</p>{{% endblock %}}')
    said = run(capsys, "build", site=site)
    assert said.code == 3
    assert "1500-note.md:6:1 E801 public may not read this; it would stand in public/404.html" in said.err
    assert "rack" not in said.err
    assert snapshot(site / "dist") == before
    own.unlink()
    assert run(capsys, "build", site=site).code == 0


NOTE = f"---\nid: abcd2345\naudience: internal\nat: 2026-11-21T15:00Z\n---\n{SECRET}\n"


def test_a_filter_forgotten_in_the_gate_is_caught_although_the_view_then_holds_the_words(tmp_path, monkeypatch):
    update = "incidents/2026-11-21-checkout/1405-investigating.md"
    build = made(tmp_path, **{update: f"{UPDATE}\n::: internal\n{SECRET}\n"})
    assert not list(refusals(build))
    words_for = release.words_for
    monkeypatch.setattr(release, "words_for", lambda policy, passages: words_for(policy, [*map(public, passages)]))
    trees = {tree for tree, _ in refusals(made(tmp_path, **{update: f"{UPDATE}\n::: internal\n{SECRET}\n"}))}
    assert {"public", "macros", "mail"} <= trees


def public(passage):
    """A passage as if everybody might read it."""
    return structs.replace(passage, label="public")


UPDATE = """---
id: 7qm4tz2c
audience: public
status: investigating
at: 2026-11-21T14:05Z
components: {checkout: partial_outage}
next_update: 30m
---
We are looking into it.
"""


def test_serving_is_held_to_it_too(tmp_path):
    own = tmp_path / "layouts/web/404.html"
    own.parent.mkdir(parents=True)
    own.write_text(SECRET)
    build = made(tmp_path, **{"incidents/2026-11-21-checkout/1500-note.md": NOTE})
    shelf = Shelf(Offer(trees={draft.name: draft.parts for draft in build.drafts()}, names={}))
    with pytest.raises(Refused):
        shelf.missing("public")


def test_commands_use_no_tree_that_was_not_read():
    """A shelf reads what it is offered itself."""
    reading = {"pipeline.py", "serve.py"}
    sources = [path for path in (Path(wall.__file__).parent.parent).rglob("*.py") if path.name not in reading]
    assert not [
        path for path in sources if "pipeline import trees" in path.read_text() or ".drafts(" in path.read_text()
    ]


@pytest.mark.slow
def test_findings_do_not_depend_on_the_order_of_sets(tmp_path):
    probe = (
        "import egress_cases as c\n"
        "secrets, files = c.written(c.WRITTEN['over two tags'], c.sentences(20))\n"
        "print(*c.told(secrets, files), sep='\\n')"
    )
    command = [sys.executable, "-c", probe]
    folder = Path(__file__).parent
    said = {
        subprocess.run(
            command, cwd=folder, env=environment(PYTHONHASHSEED=seed), capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1
    assert said.pop().count("E801") == 20


REAL = [SHARED / "data"] if (SHARED / "data/statuspage/github-history").is_dir() else []


@pytest.mark.slow
@pytest.mark.parametrize("data", REAL, ids=["github"])
def test_harmless_notes_on_real_incidents_refuse_nothing(data, tmp_path):
    incidents = random.Random("sample").sample(cases.history(data), 60)
    notes = annotated(tmp_path, incidents)
    site = load_site(tmp_path)
    build = Build(site, Layouts(), site.settings.clock)
    assert len(notes) > 100
    assert not list(refusals(build))
