"""Which words a reader gets of a text that may have been translated: the one place that decides it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from heliograph import view
from heliograph.gate.labels import Policy
from heliograph.model import Page, Text


class Words(NamedTuple):
    """What is shown of a text: itself, or its translation into `language`, which is empty for the original.

    `instead` tells why it is the original where a translation was wanted.
    """

    text: Text
    language: str = ""
    instead: view.Instead = None


def words_of(policy: Policy, original: Text) -> Words:
    """Choose the words of a text that a reader may read, in the language it is told in.

    A translation has to pass by its own label, too. That there is one which may not be shown tells nothing, unless it
    is of older words of this very text: those who could read them know that they have changed.
    """
    if not policy.language:
        return Words(original)
    found = {
        one.state: one.text
        for one in original.translations
        if one.language == policy.language and policy.reads(one.text.label)
    }
    if "current" in found:
        return Words(found["current"], policy.language)
    return Words(original, instead="stale" if "stale" in found else "missing")


def title_of(page: Page) -> Text:
    """Give the title of a page of the site's own, which is for all that the page is for."""
    return Text(label=page.audience, words=page.title, place=page.place, translations=page.title_translations)


def untranslated(texts: Iterable[Text]) -> tuple[Text, ...]:
    """Give texts as if nobody had translated them."""
    return tuple(replace(text, translations=()) if text.translations else text for text in texts)
