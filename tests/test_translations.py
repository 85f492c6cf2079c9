"""Translations: who reads which, what is said where there is none, and that none ever says more than its original."""

import hashlib
from datetime import UTC, datetime

import msgspec
import pytest

from command import run
from heliograph.egress import guarded
from heliograph.gate import MACROS_READER, PUBLIC_READER, Gate, Reader, explain
from heliograph.load import load_site, load_site_with_warnings
from heliograph.model import Seal, Text, Translation
from heliograph.pipeline import Build
from heliograph.problems import Place, Refused
from heliograph.render.layouts import Layouts
from heliograph.tree.artifact import Artifact
from sites import INCIDENT, TINY, UPDATE, write_site

FOLDER = INCIDENT.rpartition("/")[0]
SITE = "site_src/site.toml"
SEVERAL = {SITE: f'{TINY[SITE]}languages = ["de", "es"]\n'}
GLOBEX = Reader("strategic", "globex")
AT = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
PAGE = "site_src/pages/about.md"
ABOUT = "---\ntitle: About\naudience: public\n---\nHello.\n"
ACCOUNT = f"{FOLDER}/postmortem.md"
CLOSED = (
    "---\nid: c2l3o4s5\naudience: public\nstatus: resolved\nat: 2026-11-21T14:20Z\n---\nIt is solved.\n\n"
    "::: customer:globex\nYour batch has run.\n"
)


def digest(*words):
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:12]


TITLE, LOOKING, LAG = digest("Some payments fail"), digest("We are looking into it."), digest("Replica lag on db-7.")
IN_GERMAN = {
    INCIDENT.replace(
        ".md", ".de.md"
    ): f"---\nof: {{public: {TITLE}}}\ntitle: {{public: Zahlungen schlagen fehl}}\n---\n",
    UPDATE.replace(".md", ".de.md"): (
        f"---\nof: {{public: {LOOKING}, internal: {LAG}}}\n---\nWir sehen es uns an.\n\n::: internal\nReplikat hinkt nach.\n"
    ),
}
GERMAN_UPDATE = UPDATE.replace(".md", ".de.md")
GERMAN_TITLE = INCIDENT.replace(".md", ".de.md")


def written(*of, body="Wir sehen es uns an.", more=""):
    """A translation of the update, of these digests by label."""
    return f"---\nof: {{{', '.join(of)}}}\n{more}---\n{body}\n"


def site_of(tmp_path, changed=None):
    return load_site(write_site(tmp_path, {**SEVERAL, **IN_GERMAN, **(changed or {})}))


def incident_for(site, reader, language):
    return Gate(site, AT).view_of(reader, language).incidents[0]


def told(site, reader, language):
    """What a reader is told of the tiny incident: of title and passages the words, their language, and why."""
    one = incident_for(site, reader, language)
    passages = [(p.markdown, p.language, p.instead) for update in one.updates for p in update.passages]
    return [(one.title, one.title_language, one.title_instead), *passages]


def test_readers_get_translations_in_their_language_and_are_told_where_there_is_none(tmp_path):
    site = site_of(tmp_path)
    assert told(site, PUBLIC_READER, "de") == [
        ("Zahlungen schlagen fehl", "de", None),
        ("Wir sehen es uns an.", "de", None),
    ]
    assert told(site, PUBLIC_READER, "es") == [
        ("Some payments fail", "", "missing"),
        ("We are looking into it.", "", "missing"),
    ]
    originals = [("Some payments fail", "", None), ("We are looking into it.", "", None)]
    assert told(site, PUBLIC_READER, "") == told(site, PUBLIC_READER, "en") == originals


def test_a_passage_without_a_translation_stays_as_it_is_beside_others(tmp_path):
    site = site_of(tmp_path, {UPDATE: TINY[UPDATE] + "\n::: say\nTry again.\n"})
    assert told(site, MACROS_READER, "de")[1:] == [
        ("Wir sehen es uns an.", "de", None),
        ("Try again.", "", "missing"),
    ]


def test_what_has_changed_since_is_shown_in_the_original_with_a_mark_and_a_warning(tmp_path):
    changed = TINY[UPDATE].replace("We are looking into it.", "We have an idea.")
    root = write_site(tmp_path, {**SEVERAL, **IN_GERMAN, UPDATE: changed})
    site, warnings = load_site_with_warnings(root)
    assert told(site, PUBLIC_READER, "de")[1] == ("We have an idea.", "", "stale")
    assert [(str(one.place), one.code) for one in warnings] == [(f"{GERMAN_UPDATE}:2:14", "W433")]
    assert f"`public: {digest('We have an idea.')}`" in warnings[0].hint


def test_a_change_of_hidden_words_makes_nothing_stale_for_those_who_could_not_read_them(tmp_path):
    site = site_of(tmp_path, {UPDATE: TINY[UPDATE].replace("Replica lag", "A wrong deploy")})
    assert told(site, PUBLIC_READER, "de")[1] == ("Wir sehen es uns an.", "de", None)
    assert told(site, Reader("internal"), "de")[1:] == [
        ("Wir sehen es uns an.", "de", None),
        ("A wrong deploy on db-7.", "", "stale"),
    ]


def test_a_draft_is_shown_to_nobody(tmp_path):
    draft = written(f"public: {LOOKING}", more="draft: true\n")
    site, warnings = load_site_with_warnings(write_site(tmp_path, {**SEVERAL, GERMAN_UPDATE: draft}))
    assert told(site, PUBLIC_READER, "de")[1] == ("We are looking into it.", "", "missing")
    assert [(str(one.place), one.code) for one in warnings] == [(f"{GERMAN_UPDATE}:3:8", "W434")]


def test_the_most_specific_title_is_chosen_before_its_translation(tmp_path):
    head = TINY[INCIDENT].replace("  internal", "  customer:globex: Your card payments fail\n  internal")
    site = site_of(tmp_path, {INCIDENT: head})
    assert told(site, GLOBEX, "de")[0] == ("Your card payments fail", "", "missing")
    assert told(site, PUBLIC_READER, "de")[0] == ("Zahlungen schlagen fehl", "de", None)


def test_passages_of_one_label_are_translated_in_their_order(tmp_path):
    original = TINY[UPDATE] + "\n::: public\nCards work.\n"
    both = digest("We are looking into it.", "Cards work.")
    text = written(f"public: {both}", body="Wir sehen es uns an.\n\n::: public\nKarten gehen.")
    one = told(site_of(tmp_path, {UPDATE: original, GERMAN_UPDATE: text}), PUBLIC_READER, "de")
    assert [words for words, _, _ in one[1:]] == ["Wir sehen es uns an.", "Karten gehen."]
    (tmp_path / GERMAN_UPDATE).write_text(written(f"public: {both}"))
    assert [why for _, _, why in told(load_site(tmp_path), PUBLIC_READER, "de")[1:]] == [None, "missing"]


def test_what_was_added_for_a_customer_is_translated_with_the_update(tmp_path):
    added = {UPDATE.replace(".md", "+globex.md"): "Your batch is late.\n"}
    text = written(
        f"public: {LOOKING}, customer:globex: {digest('Your batch is late.')}",
        body="Wir sehen es uns an.\n\n::: customer:globex\nIhr Stapel kommt später.",
    )
    site = site_of(tmp_path, {**added, GERMAN_UPDATE: text})
    assert ("Ihr Stapel kommt später.", "de", None) in told(site, GLOBEX, "de")
    assert "Stapel" not in str(told(site, PUBLIC_READER, "de"))


def test_accounts_work_and_pages_have_translations_too(tmp_path):
    account = "---\nid: p8w2c5rt\naudience: public\nat: 2026-11-21T14:25Z\n---\nA switch failed.\n"
    work = "---\nid: m4q8r2ts\ntitle: {public: Database upgrade}\nwindow: {start: 2026-12-02T02:00Z, end: 2026-12-02T03:30Z}\n---\n"
    planned = "incidents/2026-12-02-upgrade"
    news = "---\nid: n6e7w8s9\naudience: public\nstatus: scheduled\nat: 2026-11-21T14:00Z\n---\nWe upgrade.\n"
    site = site_of(
        tmp_path,
        {
            f"{FOLDER}/c.md": CLOSED,
            ACCOUNT: account,
            ACCOUNT.replace(".md", ".de.md"): written(
                f"public: {digest('A switch failed.')}", body="Ein Switch fiel aus."
            ),
            f"{planned}/maintenance.md": work,
            f"{planned}/maintenance.de.md": written(
                f"public: {digest('Database upgrade')}", body="", more="title: {public: Neue Datenbank}\n"
            ),
            f"{planned}/0900-scheduled.md": news,
            PAGE: ABOUT,
            PAGE.replace(".md", ".de.md"): written(
                f"public: {digest('About', 'Hello.')}", body="Hallo.", more="title: Über uns\n"
            ),
        },
    )
    seen = Gate(site, AT).view_of(PUBLIC_READER, "de")
    assert [p.markdown for p in seen.incidents[0].postmortem.passages] == ["Ein Switch fiel aus."]
    assert (seen.maintenances[0].title, seen.maintenances[0].title_language) == ("Neue Datenbank", "de")
    assert seen.maintenances[0].updates[0].passages[0].instead == "missing"
    page = seen.pages[0]
    assert (page.title, page.title_language, page.passages[0].markdown) == ("Über uns", "de", "Hallo.")


# --- the gate -------------------------------------------------------------------------------------


def widened(site, label, language="de"):
    """The site as no loader would make it: the public passage's translation is under another label."""
    incident = site.incidents[0]
    update = incident.updates[0]
    first = update.passages[0]
    text = Text(label=label, words="Nur für uns.", place=Place("x.de.md"))
    other = msgspec.structs.replace(first, translations=(Translation(language=language, text=text, state="current"),))
    update = msgspec.structs.replace(update, passages=(other, *update.passages[1:]))
    return msgspec.structs.replace(site, incidents=(msgspec.structs.replace(incident, updates=(update,)),))


def test_of_two_labels_the_stricter_decides(tmp_path):
    site = widened(site_of(tmp_path), "internal")
    assert told(site, PUBLIC_READER, "de")[1] == ("We are looking into it.", "", "missing")
    assert told(site, Reader("internal"), "de")[1] == ("Nur für uns.", "de", None)
    assert "Nur für uns." in [one.words for one in Gate(site, AT).withheld_from(PUBLIC_READER)]


def test_what_is_withheld_holds_hidden_translations_and_old_ones(tmp_path):
    site = site_of(tmp_path)
    hidden = {one.words for one in Gate(site, AT).withheld_from(PUBLIC_READER)}
    assert "Replikat hinkt nach." in hidden
    assert not {"Wir sehen es uns an.", "Zahlungen schlagen fehl"} & hidden
    assert "Replikat hinkt nach." not in {one.words for one in Gate(site, AT).withheld_from(Reader("internal"))}
    (tmp_path / UPDATE).write_text(TINY[UPDATE].replace("looking into it", "working on it"))
    assert "Wir sehen es uns an." in {one.words for one in Gate(load_site(tmp_path), AT).withheld_from(PUBLIC_READER)}


def test_nobody_is_shown_a_translation_of_words_that_had_to_be_approved(tmp_path):
    public = f'{TINY["audiences/public.toml"]}signoff = {{minor = ["commander"], major = ["commander"]}}\n'
    site = site_of(tmp_path, {"audiences/public.toml": public})
    assert Gate(site, AT).view_of(PUBLIC_READER, "de").incidents == ()
    incident = site.incidents[0]
    update = incident.updates[0]
    seal = Seal(
        audience="public",
        role="commander",
        by="kim",
        at=AT,
        passages=(Text(label="public", words="We are looking into it.", place=update.place),),
        place=update.place,
    )
    sealed = msgspec.structs.replace(incident, updates=(msgspec.structs.replace(update, seals=(seal,)),))
    site = msgspec.structs.replace(site, incidents=(sealed,))
    assert told(site, PUBLIC_READER, "de")[1] == ("We are looking into it.", "", "missing")
    assert "Wir sehen es uns an." in {one.words for one in Gate(site, AT).withheld_from(PUBLIC_READER)}


def test_explain_lists_translations_with_their_readers(tmp_path):
    site = site_of(tmp_path)
    parts = {(part.what, part.label): part.readers for part in explain(site, site.incidents[0])}
    assert parts["passage in de", "public"] == parts["passage", "public"]
    assert parts["passage in de", "internal"] == ("internal",)
    assert parts["title in de", "public"] == parts["title", "public"]


# --- what comes out -------------------------------------------------------------------------------


def built(site, tree="public"):
    for draft in Build(site, Layouts(), AT).drafts():
        if draft.name == tree:
            return {file.path: file.data.decode(errors="replace") for file in guarded(tree, draft.parts)}
    raise AssertionError(tree)


def test_each_languages_pages_and_feeds_tell_what_is_translated(tmp_path):
    files = built(site_of(tmp_path))
    page = "incidents/k3x9q2mf/index.html"
    for path in ("index.html", page, "updates.atom", "history.atom"):
        assert "Wir sehen es uns an." in files[f"de/{path}"], path
        assert "Wir sehen es uns an." not in files[path] + files[f"es/{path}"], path
        assert "We are looking into it." in files[path], path
        assert "We are looking into it." not in files[f"de/{path}"], path
    assert "<h1>Zahlungen schlagen fehl</h1>" in files[f"de/{page}"]
    assert '<h1 lang="en">Some payments fail</h1>' in files[f"es/{page}"]
    assert "Replikat" not in "".join(files.values())


def test_pages_say_why_words_are_in_another_language(tmp_path):
    stale = {UPDATE: TINY[UPDATE].replace("looking into it", "working on it")}
    files = built(site_of(tmp_path, stale))
    page = "incidents/k3x9q2mf/index.html"
    assert "Die Übersetzung ist älter als das Original" in files[f"de/{page}"]
    assert "Por ahora solo en inglés." in files[f"es/{page}"]
    assert '<div lang="en">' in files[f"de/{page}"]


def test_a_customers_letter_is_in_its_language_words_and_all(tmp_path):
    strategic = TINY["audiences/strategic.toml"] + 'locale = "de-AT"\n'
    mail = built(site_of(tmp_path, {"audiences/strategic.toml": strategic}), "mail")
    letter = next(text for path, text in mail.items() if path.startswith("strategic/globex/") and path.endswith(".txt"))
    assert "Wir sehen es uns an." in letter
    assert "Zahlungen schlagen fehl" in letter


@pytest.mark.parametrize(
    ("words", "code"), [("Replikat hinkt nach.", "E801"), ("Wir sehen es uns an.", ""), ("Zahlungen schlagen fehl", "")]
)
def test_the_second_wall_knows_hidden_and_visible_translations(tmp_path, words, code):
    build = Build(site_of(tmp_path), Layouts(), AT)
    part = next(part for draft in build.drafts() if draft.name == "public" for part in draft.parts)
    files = (*part.artifacts, Artifact("own.html", f"<p>{words}</p>".encode()))
    try:
        assert list(guarded("public", [part._replace(artifacts=files)]))
        found = ""
    except Refused as refused:
        found = refused.problems[0].code
    assert found == code


def test_pictures_of_translations_are_copied_where_they_are_shown(tmp_path):
    from proof.source import picture

    text = written(f"public: {LOOKING}", body="Wir sehen es uns an.\n\n![Kurve](kurve.png)")
    site = site_of(tmp_path, {GERMAN_UPDATE: text, f"{FOLDER}/kurve.png": picture("kurve")})
    files = built(site)
    name = site.incidents[0].updates[0].passages[0].translations[0].text.pictures[0].file
    assert f"assets/{name}" in files
    assert name in files["de/index.html"]
    assert name not in files["index.html"]


# --- what is wrong --------------------------------------------------------------------------------

WRONG = [
    ("a language the site has not", {UPDATE.replace(".md", ".fr.md"): "x"}, UPDATE.replace(".md", ".fr.md"), "1:1 E314", "known: de, es"),
    ("a second translation, of another spelling", {UPDATE.replace(".md", ".de-AT.md"): "x", **IN_GERMAN}, UPDATE.replace(".md", ".de-AT.md"), "1:1 E314", "did you mean de?"),
    ("a language in capitals", {UPDATE.replace(".md", ".DE.md"): "x"}, UPDATE.replace(".md", ".DE.md"), "1:1 E314", "did you mean de?"),
    ("the main language", {UPDATE.replace(".md", ".en.md"): "x"}, UPDATE.replace(".md", ".en.md"), "1:1 E314", "remove the file"),
    ("a site of one language", {UPDATE.replace(".md", ".de.md"): "x", SITE: TINY[SITE]}, GERMAN_UPDATE, "1:1 E314", "name it in `languages`"),
    ("no front matter", {GERMAN_UPDATE: "Wir sehen es uns an.\n"}, GERMAN_UPDATE, "1:1 E101", ""),
    ("no digest", {GERMAN_UPDATE: "---\ndraft: false\n---\nWir.\n"}, GERMAN_UPDATE, "2:1 E137", f"`of: {{public: {LOOKING}}}`"),
    ("one digest for all labels", {GERMAN_UPDATE: f"---\nof: {LOOKING}\n---\nWir.\n"}, GERMAN_UPDATE, "2:5 E137", f"`of: {{public: {LOOKING}}}`"),
    ("no digest for one label", {GERMAN_UPDATE: written(f"public: {LOOKING}", body="Wir.\n\n::: internal\nReplikat.")}, GERMAN_UPDATE, "2:5 E137", f"`of: {{public: {LOOKING}, internal: {LAG}}}`"),
    ("a digest that is none", {GERMAN_UPDATE: written("public: today")}, GERMAN_UPDATE, "2:14 E137", f"that of the present words is {LOOKING}"),
    ("a digest of nothing", {GERMAN_UPDATE: written(f"public: {LOOKING}, internal: {LAG}")}, GERMAN_UPDATE, "2:38 E137", "remove it"),
    ("a label that nobody has", {GERMAN_UPDATE: written(f"pubilc: {LOOKING}")}, GERMAN_UPDATE, "2:6 E112", "did you mean public?"),
    ("older words", {GERMAN_UPDATE: written(f"public: {TITLE}")}, GERMAN_UPDATE, "2:14 W433", f"`public: {LOOKING}`"),
    ("a label that the original has not", {GERMAN_UPDATE: written(f"public: {LOOKING}", body="Wir.\n\n::: support\nNur wir.")}, GERMAN_UPDATE, "7:1 E426", "write it there first"),
    ("more passages than the original has", {GERMAN_UPDATE: written(f"public: {LOOKING}", body="Wir.\n\n::: public\nMehr.")}, GERMAN_UPDATE, "7:1 E426", "write it there first"),
    ("a title that the original has not", {GERMAN_TITLE: f"---\nof: {{public: {TITLE}}}\ntitle: {{public: Z, support: Y}}\n---\n"}, GERMAN_TITLE, "3:29 E426", "write it there first"),
    ("a translation of a file that is not there", {f"{FOLDER}/1406-investigating.de.md": "x"}, f"{FOLDER}/1406-investigating.de.md", "1:1 E320", "did you mean 1405-investigating.md?"),
    ("a translation of a translation", {UPDATE.replace(".md", ".de.es.md"): "x", **IN_GERMAN}, UPDATE.replace(".md", ".de.es.md"), "1:1 E320", "did you mean 1405-investigating.md?"),
    ("a translation of a customer's file", {UPDATE.replace(".md", "+globex.md"): "Yours.", UPDATE.replace(".md", "+globex.de.md"): "x"}, UPDATE.replace(".md", "+globex.de.md"), "1:1 E320", "the update's own translation"),
    ("a page that is not there", {PAGE.replace(".md", ".de.md"): "x"}, PAGE.replace(".md", ".de.md"), "1:1 E320", ""),
    ("a status", {GERMAN_UPDATE: written(f"public: {LOOKING}", more="status: resolved\n")}, GERMAN_UPDATE, "3:1 E107", "the original says the rest"),
    ("an audience of its own", {GERMAN_UPDATE: written(f"public: {LOOKING}", more="audience: public\n")}, GERMAN_UPDATE, "3:1 E107", "the original says the rest"),
    ("a title of an update", {GERMAN_UPDATE: written(f"public: {LOOKING}", more="title: {public: Z}\n")}, GERMAN_UPDATE, "3:1 E107", "beside incident.md"),
    ("an unknown key", {GERMAN_UPDATE: written(f"public: {LOOKING}", more="drat: true\n")}, GERMAN_UPDATE, "3:1 E107", "did you mean draft?"),
    ("a draft, perhaps", {GERMAN_UPDATE: written(f"public: {LOOKING}", more="draft: yes\n")}, GERMAN_UPDATE, "3:8 E120", ""),
    ("a marker that is none", {GERMAN_UPDATE: written(f"public: {LOOKING}", body="Wir.\n\n:: internal\nReplikat.")}, GERMAN_UPDATE, "6:1 E404", "a marker is"),
    ("a marker in code that is not closed", {GERMAN_UPDATE: written(f"public: {LOOKING}, internal: {LAG}", body="```\nWir.\n::: internal\nReplikat.")}, GERMAN_UPDATE, "6:1 E405", "close the block"),
    ("text after a closed passage", {GERMAN_UPDATE: written(f"internal: {LAG}", body="::: internal\nReplikat.\n:::\nWir.")}, GERMAN_UPDATE, "7:1 E422", ""),
    ("text where titles are translated", {GERMAN_TITLE: f"{IN_GERMAN[GERMAN_TITLE]}Wir.\n"}, GERMAN_TITLE, "5:1 E132", ""),
    ("nothing said", {GERMAN_UPDATE: "---\nof: {}\n---\n"}, GERMAN_UPDATE, "1:1 E133", "delete the file"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "changed", "file", "finding", "hint"), WRONG, ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_told_where_it_stands(tmp_path, what, changed, file, finding, hint):
    root = write_site(tmp_path, {**SEVERAL, **changed})
    try:
        _, problems = load_site_with_warnings(root)
    except Refused as refused:
        problems = refused.problems
    told_of = {f"{one.place} {one.code}": one.hint for one in problems}
    assert hint in told_of[f"{file}:{finding}"], told_of
    assert "Wir" not in "".join(map(str, problems))


def test_nothing_else_is_wrong_with_translations_of_a_site_whose_settings_cannot_be_read(tmp_path):
    with pytest.raises(Refused) as refused:
        load_site(write_site(tmp_path, {SITE: "id =", **IN_GERMAN}))
    assert {one.place.file for one in refused.value.problems} == {SITE}


# --- the command ----------------------------------------------------------------------------------


def test_translate_begins_a_draft_that_is_right_once_its_words_are_changed(tmp_path, capsys):
    original = TINY[UPDATE] + "\n::: say\nTry again: [[soon]](https://x.example/a)\n".replace("[[soon]]", "[soon]")
    root = write_site(tmp_path, {**SEVERAL, UPDATE: original, PAGE: ABOUT})
    for path in (UPDATE, INCIDENT, PAGE):
        said = run(capsys, "translate", str(root / path), "de", site=root)
        assert said.code == 0, said.err
        assert said.out == f"Wrote {path.replace('.md', '.de.md')}.\n"
    checked = run(capsys, "check", site=root)
    assert checked.code == 0
    assert (checked.out + checked.err).count("W434") == 3
    for path in (UPDATE, INCIDENT, PAGE):
        file = root / path.replace(".md", ".de.md")
        file.write_text(file.read_text().replace("draft: true\n", "").replace("Some payments fail", "Es hakt"))
    site, warnings = load_site_with_warnings(root)
    assert warnings == ()
    assert told(site, PUBLIC_READER, "de")[0] == ("Es hakt", "de", None)
    assert [why for _, language, why in told(site, MACROS_READER, "de") if language == "de"] == [None] * 3


@pytest.mark.parametrize(
    ("file", "language", "code", "words"),
    [
        (UPDATE, "fr", 2, "known: de, es"),
        (UPDATE, "en", 2, "known: de, es"),
        (SITE, "de", 1, "none of the files"),
        (f"{FOLDER}/none.md", "de", 2, "does not exist"),
        (GERMAN_UPDATE, "de", 1, "none of the files"),
        (UPDATE, "de", 1, "is there already"),
    ],
)
def test_translate_refuses_what_it_cannot_do(tmp_path, capsys, file, language, code, words):
    root = write_site(tmp_path, {**SEVERAL, **IN_GERMAN})
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    said = run(capsys, "translate", str(root / file), language, site=root)
    assert (said.code, words in said.err) == (code, True), said.err
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
