"""The message catalogues: complete, true to their placeholders, and of the messages that code and layouts hold now."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from heliograph import resources
from heliograph.render.tongue import tongue

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "src/heliograph/locale/heliograph.pot"
LANGUAGES = resources.languages()[1:]
PLACEHOLDER = re.compile(r"%\(\w+\)s|%(?!\()(?!%).|%%")
TAG = re.compile(r"</?[a-z][^>]*>")


def catalogue(path):
    with path.open("rb") as file:
        return {(one.context, forms(one.id)[0]): one for one in read_po(file) if one.id}


def forms(text):
    return text if isinstance(text, tuple) else (text,)


def pairs(language):
    """Each original with one of its translations; the plural with all but the first."""
    for one in catalogue(resources.catalogue(language)).values():
        originals, said = forms(one.id), forms(one.string)
        yield from ((originals[min(place, len(originals) - 1)], text) for place, text in enumerate(said))


def test_german_spanish_and_french_are_spoken_besides_english():
    assert resources.languages() == ("en", "de", "es", "fr")


def test_the_template_holds_what_code_and_layouts_say_now(tmp_path):
    keywords = re.search(r"^EXTRACT := (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE).group(1).split()
    fresh = tmp_path / "fresh.pot"
    command = [sys.executable, "-m", "babel.messages.frontend", "-q", "extract", "-F", "pyproject.toml", *keywords]
    subprocess.run([*command, "-o", fresh, "."], cwd=ROOT, check=True, capture_output=True)
    known, found = catalogue(TEMPLATE), catalogue(fresh)
    assert {key: one.id for key, one in known.items()} == {key: one.id for key, one in found.items()}, "make catalogues"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated_and_none_is_guessed(language):
    wanted, have = catalogue(TEMPLATE), catalogue(resources.catalogue(language))
    assert {key: one.id for key, one in have.items()} == {key: one.id for key, one in wanted.items()}
    assert not [one.id for one in have.values() if one.fuzzy or not all(forms(one.string))]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_uses_the_placeholders_and_tags_of_its_original(language):
    for original, said in pairs(language):
        allowed = set(PLACEHOLDER.findall(original)) | {"%(num)s"} if "%(" in original else set()
        found = set(PLACEHOLDER.findall(said))
        assert found <= allowed, (original, said)
        assert set(PLACEHOLDER.findall(original)) - found <= {"%(num)s"}, (original, said)
        assert sorted(TAG.findall(said)) == sorted(TAG.findall(original)), (original, said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_can_stand_in_an_attribute(language):
    for original, said in pairs(language):
        assert TAG.search(original) or not set('"<>&') & set(said), (original, said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_edges_of_a_message_stay_as_they_are(language):
    for original, said in pairs(language):
        assert said.endswith(" ") == original.endswith(" "), (original, said)
        if original[-1:] in ".?:":
            assert said[-1] == original[-1], (original, said)


def test_french_parts_its_signs_from_words_by_spaces_that_do_not_break():
    for _, said in pairs("fr"):
        bare = TAG.sub("", said)
        assert not re.search(r"[^\u202f\u00a0][;?!»]|« |\S:(?=\s|$)(?<!\u00a0:)| :", bare), said


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_follow_their_language(language):
    said = [tongue(language).ngettext("%(num)s problem", "%(num)s problems", number) for number in (0, 1, 2, 1234)]
    assert (
        said
        == {
            "de": ["0 Probleme", "1 Problem", "2 Probleme", "1.234 Probleme"],
            "es": ["0 problemas", "1 problema", "2 problemas", "1.234 problemas"],
            "fr": ["0 problème", "1 problème", "2 problèmes", "1\u202f234 problèmes"],
        }[language]
    )


def asked_within_text(source):
    """Calls for a message inside an f-string, where the extraction of messages does not look."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            calls = (one for one in ast.walk(node) if isinstance(one, ast.Call) and one.args)
            for call in calls:
                name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
                if name in ("gettext", "ngettext", "pgettext", "say") and isinstance(call.args[0], ast.Constant):
                    yield call.args[0].value


def test_no_message_is_asked_for_where_it_would_not_be_found():
    assert list(asked_within_text("f\"({say('kept')})\"")) == ["kept"]
    sources = sorted((ROOT / "src/heliograph/render").rglob("*.py"))
    assert {path.name: found for path in sources if (found := list(asked_within_text(path.read_text())))} == {}
