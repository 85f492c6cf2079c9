"""The site in several languages: every page, feed and letter in each, marked as such, leading to the others."""

import io
import posixpath
import re

import msgspec
import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from lxml import html

import view_samples as samples
from heliograph import resources
from heliograph import view as v
from heliograph.egress import house_words
from heliograph.render import brief, calendar, digests, editions, feeds, internal, public, small
from heliograph.render.layouts import Layouts
from heliograph.render.macros import macro_artifacts, macros
from heliograph.render.tongue import tongue

LAYOUTS = Layouts()
LANGUAGES = ("en", "de", "es", "fr")
INCIDENT = "incidents/k3x9q2mf/index.html"
PIECED = ("1,240 of 31,000 accounts",)
"""What pages put together of words of the desk's own."""
OPENING, CLOSING = "\u27e6", "\u27e7"


def several(view, languages=LANGUAGES):
    """The same view for a site whose public pages are in several languages, the first being the main one."""
    about = msgspec.structs.replace(view.about, language=languages[0], languages=languages)
    return msgspec.structs.replace(view, about=about)


def printed(view, layouts=LAYOUTS):
    found = {}
    for artifact in public.site(view, layouts):
        assert artifact.path not in found
        found[artifact.path] = artifact.data
    return found


@pytest.fixture(scope="module")
def pages():
    return printed(several(samples.public_view()))


def tree(data):
    return html.fromstring(data.decode())


def test_a_site_in_one_language_has_no_folders_and_no_links_to_others():
    found = printed(samples.public_view())
    assert not [path for path in found if path.startswith(("de/", "es/", "fr/", "en/"))]
    assert not tree(found["index.html"]).xpath(
        "//link[@hreflang] | //nav[@class='languages'] | //*[@lang][not(self::html)]"
    )


def test_each_further_language_has_every_page_and_shares_the_rest(pages):
    plain = {path for path in pages if path.endswith(".html") and path.split("/")[0] not in LANGUAGES}
    for language in LANGUAGES[1:]:
        assert {path.removeprefix(f"{language}/") for path in pages if path.startswith(f"{language}/")} == plain
    assert [path.rpartition(".")[2] for path in pages if path.startswith("assets/")] == ["css", "js"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_say_in_which_language_they_are(pages, language):
    folder = "" if language == "en" else f"{language}/"
    for path in ("index.html", INCIDENT, "history/index.html", "404.html"):
        assert tree(pages[folder + path]).get("lang") == language
    heading = {"en": "History", "de": "Verlauf", "es": "Historial", "fr": "Historique"}[language]
    assert tree(pages[f"{folder}history/index.html"]).findtext(".//h1") == heading


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_name_the_same_page_in_every_language(pages, language):
    folder = "" if language == "en" else f"{language}/"
    links = tree(pages[folder + INCIDENT]).xpath("//link[@hreflang]")
    base = samples.ADDRESS
    assert {link.get("hreflang"): link.get("href") for link in links} == {
        "en": f"{base}/incidents/k3x9q2mf/",
        "de": f"{base}/de/incidents/k3x9q2mf/",
        "es": f"{base}/es/incidents/k3x9q2mf/",
        "fr": f"{base}/fr/incidents/k3x9q2mf/",
        "x-default": f"{base}/incidents/k3x9q2mf/",
    }
    canonical = tree(pages[folder + INCIDENT]).xpath("//link[@rel='canonical']/@href")
    assert canonical == [f"{base}/{folder}incidents/k3x9q2mf/"]


@pytest.mark.parametrize("path", ["index.html", INCIDENT, f"fr/{INCIDENT}", "de/subscribe/index.html", "de/404.html"])
def test_every_link_of_a_page_leads_to_a_file(pages, path):
    view = several(samples.public_view())
    beside = [*feeds.feeds(view), *calendar.calendar(view)]
    known = {
        *pages,
        *(f"{one}{file.path}" for one in ("", "de/", "es/", "fr/") for file in beside),
        "api/v2/summary.json",
    }
    for target in tree(pages[path]).xpath("//@href | //@src"):
        if not re.match(r"https?:|mailto:|data:|#|$", target):
            place = posixpath.normpath(posixpath.join(posixpath.dirname(path), target.split("#")[0]))
            assert place.lstrip("/") in known, (path, target)


def test_languages_are_named_in_themselves_at_the_foot(pages):
    links = tree(pages[f"de/{INCIDENT}"]).xpath("//nav[@class='languages']/a")
    assert [(link.text, link.get("lang"), link.get("hreflang"), link.get("aria-current")) for link in links] == [
        ("English", "en", "en", None),
        ("Deutsch", "de", "de", "true"),
        ("Español", "es", "es", None),
        ("Français", "fr", "fr", None),
    ]


def test_words_of_authors_are_marked_as_being_in_their_own_language(pages):
    page = tree(pages[f"de/{INCIDENT}"])
    assert page.xpath("//h1/@lang") == ["en"]
    for passage in page.xpath("//ol[@class='updates']//p[not(@class)]"):
        assert passage.xpath("ancestor::*[@lang][1]/@lang") == ["en"]
    assert not tree(pages[INCIDENT]).xpath("//main//*[@lang]")


def test_feeds_and_calendar_of_a_language_have_names_of_their_own():
    main, german = editions.in_all_languages(several(samples.public_view(), ("en", "de")))
    both = [
        {file.path: file.data.decode() for file in (*feeds.feeds(one), *calendar.calendar(one))}
        for one in (main, german)
    ]
    assert both[0].keys() == both[1].keys()
    ids = [set(re.findall(r"<(?:id|guid[^>]*)>(tag:[^<]+)<", "".join(found.values()))) for found in both]
    assert ids[0]
    assert not ids[0] & ids[1]
    assert f'href="{samples.ADDRESS}/de/history.atom"' in both[1]["history.atom"]
    assert "<strong>Ursache gefunden</strong>" in both[1]["history.atom"].replace("&lt;", "<").replace("&gt;", ">")
    assert not set(re.findall(r"UID:(\S+)", both[0]["maintenance.ics"])) & set(
        re.findall(r"UID:(\S+)", both[1]["maintenance.ics"])
    )


def test_a_host_is_told_the_types_of_every_languages_feeds():
    found = {file.path: file.data.decode() for file in small.public(several(samples.public_view()))}
    assert "\n/fr/updates.json\n  Content-Type: application/feed+json" in found["_headers"]
    assert [path for path in found if path.startswith(LANGUAGES[1:])] == []


def test_the_script_for_other_pages_speaks_the_sites_language():
    said = {
        one: dict_of(small.public(several(samples.public_view(), (one,))))["embed.js"].decode() for one in ("en", "fr")
    }
    assert 'var MORE = "and {number} more";' in said["en"]
    assert 'var MORE = "et {number} autres";' in said["fr"]


def dict_of(artifacts):
    return {file.path: file.data for file in artifacts}


def test_a_site_may_have_another_main_language():
    view = several(samples.public_view(), ("de", "en"))
    found = printed(view)
    assert tree(found["index.html"]).get("lang") == "de"
    assert tree(found["en/index.html"]).get("lang") == "en"
    assert tree(found["en/index.html"]).xpath("//link[@hreflang='x-default']/@href") == [f"{samples.ADDRESS}/"]
    badge = next(file.data for file in small.public(view) if file.path == "badge.json")
    assert msgspec.json.decode(badge)["message"].endswith("Problem")


def test_the_second_wall_knows_what_the_house_says_in_each_language():
    said = house_words(LAYOUTS.words(("en", "de")))
    assert {"Betroffen", "Seit ", "Zum Inhalt springen", "Since ", "Nothing is on record."} <= said
    assert "Saltar al contenido" not in said


# --- mails and macros -----------------------------------------------------------------------------


def letter(locale, languages=("en",)):
    customer = v.Customer(
        id="globex", name="Globex", components=("checkout",), locale=locale, timezone="Europe/Berlin",
        notice=samples.at("14:15") - samples.at("14:00"), owner="x",
    )  # fmt: skip
    view = several(msgspec.structs.replace(samples.public_view(), reader="strategic", customer=customer), languages)
    return next(iter(digests.customer(view, (), LAYOUTS))).mails[0]


@pytest.mark.parametrize(
    ("locale", "language", "greeting", "promise"),
    [
        ("en-GB", "en", "Hello,", "Next message to you: by 14:50 UTC (15:50 Berlin), sooner"),
        ("de-DE", "de", "Guten Tag,", "Nächste Nachricht an Sie: bis 14:50 UTC (15:50 Berlin), früher"),
        ("es", "es", "Buenos días:", "Próximo mensaje para usted: antes de 14:50 UTC (15:50 Berlin); antes"),
        ("fr_FR", "fr", "Bonjour,", "Prochain message pour vous\u00a0: avant 14:50 UTC (15:50 Berlin), plus tôt"),
        ("ja-JP", "en", "Hello,", "Next message to you"),
        ("", "en", "Hello,", "Next message to you"),
    ],
)
def test_a_customer_is_written_to_in_its_own_language(locale, language, greeting, promise):
    mail = letter(locale)
    assert mail.language == language
    assert mail.text.startswith(greeting)
    assert promise in re.sub(r"[ \n]+", " ", mail.text)


def test_a_customer_is_led_to_the_page_in_its_language_where_there_is_one():
    assert f"{samples.ADDRESS}/incidents/k3x9q2mf/" in letter("de").text
    assert f"{samples.ADDRESS}/de/incidents/k3x9q2mf/" in letter("de", ("en", "de")).text


def test_support_may_answer_its_questions_in_its_own_language():
    view = samples.support_view()
    incident = next(one for one in view.incidents if one.id == "k3x9q2mf")
    told = samples.passage("**Tun:** Ruhe bewahren. **Nicht sagen:** eine Ursache.", addressed=True)
    newest = samples.changed(incident.updates[0], passages=(told,))
    incident = samples.changed(incident, updates=(newest, *incident.updates[1:]))
    view = several(samples.changed(view, incidents=(incident,)), ("de",))
    (message,) = digests.support(view, samples.support_desk(), (), (), LAYOUTS)
    (mail,) = message.mails
    rows = {row.strip()[:11].strip(): row for row in mail.text.splitlines()}
    assert "Ruhe bewahren." in rows["Tun"]
    assert "Eine Ursache." in rows["Nicht sagen"]


# --- from right to left ---------------------------------------------------------------------------


def bracketed(message):
    """Put each piece of a message that stands between tags in brackets, behind a mark that it runs leftwards."""
    pieces = re.split(r"(<[^>]*>)", message)
    return "".join(
        f"\u200f{OPENING}{one}{CLOSING}" if re.search(r"\w", one) and one[0] != "<" else one for one in pieces
    )


@pytest.fixture
def mirrored(monkeypatch, tmp_path):
    """A pseudo-language, written from right to left, in which every message of the house stands in brackets."""
    with (resources.catalogue("de").parents[2] / "heliograph.pot").open("rb") as file:
        template = read_po(file)
    messages = Catalog(locale="ar", fuzzy=False)
    for one in template:
        if isinstance(one.id, tuple):
            messages.add(one.id, (bracketed(one.id[1]),) * messages.num_plurals, context=one.context)
        elif one.id:
            messages.add(one.id, bracketed(one.id), context=one.context)
    compiled = io.BytesIO()
    write_po(compiled, messages)
    path = tmp_path / "heliograph.po"
    path.write_bytes(compiled.getvalue())
    known, catalogue = resources.languages(), resources.catalogue
    monkeypatch.setattr(resources, "languages", lambda: (*known, "ar-XB"))
    monkeypatch.setattr(resources, "catalogue", lambda tag: path if tag == "ar-XB" else catalogue(tag))
    return tongue("ar-XB")


def texts(data):
    """What a reader may read of a page, in pieces as they stand between tags, and what it may hear."""
    page = tree(data)
    heard = page.xpath("//@aria-label | //@title | //@data-done")
    return {text.strip() for text in (*page.xpath("//body//text() | //title/text()"), *heard)} - {""}


def unsaid(english, mirrored, authored):
    """What stands on both pages in the same words without being an author's: nobody could translate it."""
    same = {piece for text in texts(english) & texts(mirrored) for piece in re.split(r" · |, ", text)}
    return {
        one for one in same if re.search(r"[A-Za-z]{3}", one.replace("UTC", "")) and one.strip("· ") not in authored
    }


def own_words(view):
    """What the site's own people wrote, as it may stand in a piece of a page."""
    yield from (view.about.name, view.about.notice)
    yield from (
        name for part in (*view.components, *view.groups) for name in (part.name, getattr(part, "description", ""))
    )
    for told in (*view.incidents, *view.maintenances):
        yield told.title
        yield from (
            line.strip("* ") for update in told.updates for one in update.passages for line in one.markdown.splitlines()
        )
        yield from (link.name for link in told.links)
        if account := getattr(told, "postmortem", None):
            yield from (line.strip("#* ") for one in account.passages for line in one.markdown.splitlines())
    yield from (page.title for page in view.pages)


@pytest.mark.parametrize("view", [samples.public_view, samples.all_well_view, samples.empty_view])
def test_every_word_of_the_house_can_be_translated(mirrored, view):
    english = printed(view())
    turned = printed(several(view(), ("ar-XB",)))
    authored = set(own_words(view()))
    for path in english:
        if path.endswith(".html") and not path.startswith("pages/"):
            left = unsaid(english[path], turned[path], authored)
            left = {text for text in left if not any(text in one or one in text for one in authored if one)}
            assert not {text for text in left if not re.search(r"\.(?:atom|rss|json|ics)$", text)}, path


def test_pages_run_from_right_to_left(mirrored):
    found = printed(several(samples.public_view(), ("en", "ar-XB")))
    for path in found:
        if path.endswith(".html"):
            assert tree(found[path]).get("dir") == ("rtl" if path.startswith("ar-XB/") else None), path
    page = tree(found[f"ar-XB/{INCIDENT}"])
    assert page.get("lang") == "ar-XB"
    assert (page.find(".//h1").get("lang"), page.find(".//h1").get("dir")) == ("en", "ltr")


def test_insiders_pages_screens_mails_and_macros_run_from_right_to_left_too(mirrored):
    seen = several(samples.internal_view(), ("ar-XB",))
    inside = {file.path: file.data for file in internal.site(seen, samples.internal_desk(), LAYOUTS)}
    assert tree(inside[INCIDENT]).get("dir") == "rtl"
    seen = several(samples.exec_view(), ("ar-XB",))
    screen = {file.path: file.data for file in brief.executive(seen, samples.exec_desk(), LAYOUTS)}
    assert tree(screen["index.html"]).get("dir") == "rtl"
    (message,) = digests.executive(seen, samples.exec_desk(), (), LAYOUTS)
    (mail,) = message.mails
    assert html.fromstring(mail.html).get("dir") == "rtl"
    assert f"{OPENING}BOTTOM LINE{CLOSING}" in mail.text
    replies = {file.path: file.data for file in macro_artifacts(several(samples.public_view(), ("ar-XB",)), LAYOUTS)}
    assert tree(replies["k3x9q2mf/reply.html"]).get("dir") == "rtl"
    assert all(OPENING in one.text for one in macros(several(samples.public_view(), ("ar-XB",))))


def test_insiders_pages_leave_nothing_untranslated(mirrored):
    view, desk = samples.internal_view(), samples.internal_desk()
    english = {file.path: file.data for file in internal.site(view, desk, LAYOUTS)}
    turned = {file.path: file.data for file in internal.site(several(view, ("ar-XB",)), desk, LAYOUTS)}
    told = msgspec.json.encode((view, desk)).decode()
    for path in ("index.html", INCIDENT, "404.html", "components/checkout/index.html"):
        assert not [
            text
            for text in unsaid(english[path], turned[path], ())
            if text.strip("· :,") not in told and text not in PIECED
        ], path


def test_screens_leave_nothing_untranslated(mirrored):
    def shown(languages):
        seen = several(samples.exec_view(), languages)
        yield dict_of(brief.executive(seen, samples.exec_desk(), LAYOUTS))["index.html"]
        seen = several(samples.support_view(), languages)
        replies = macros(several(samples.public_view(), languages))
        yield dict_of(brief.support(seen, samples.support_desk(), replies, LAYOUTS))["index.html"]

    views = (samples.exec_view(), samples.exec_desk(), samples.support_view(), samples.support_desk())
    authored = [(one.name, one.phone) for one in macros(several(samples.public_view(), ("en",)))]
    told = msgspec.json.encode((views, authored)).decode()
    for english, turned in zip(shown(("en",)), shown(("ar-XB",)), strict=True):
        left = [
            text for text in unsaid(english, turned, ()) if text.strip("· :,.;“”") not in told and text not in PIECED
        ]
        assert not left


# --- texts that are not translated ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "only", "older"),
    [
        ("en", "Only in German so far.", "The translation is older than the original; this is the original."),
        ("de", "Bisher nur auf Englisch.", "Die Übersetzung ist älter als das Original; dies ist das Original."),
        ("es", "Por ahora solo en inglés.", "La traducción es anterior al original; este es el original."),
        ("fr", "Pour l’instant uniquement en anglais.", "La traduction est plus ancienne que l’original\u202f; voici l’original."),
    ],
)  # fmt: skip
def test_a_text_in_another_language_says_why(language, only, older):
    written_in = "de" if language == "en" else "en"
    assert editions.translation_note(tongue(language), written_in, is_stale=False) == only
    assert editions.translation_note(tongue(language), written_in, is_stale=True) == older
