"""Which words of an update a reader gets: those it may read, as its audience wants them, once they are approved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from heliograph import view
from heliograph.gate.labels import Policy
from heliograph.gate.translations import words_of
from heliograph.model import PUBLIC, Picture, Seal, Text

Words = tuple[view.Passage, ...]


def words_for(policy: Policy, passages: Iterable[Text]) -> Words:
    """Choose the passages one reader is shown, in authored order, each in the reader's language if it can be."""
    readable = [passage for passage in passages if policy.reads(passage.label)]
    own = [passage for passage in readable if passage.label in policy.addressed]
    match policy.shows:
        case "all":
            chosen = readable
        case "public-and-own":
            chosen = [passage for passage in readable if passage.label == PUBLIC or passage in own]
        case "own-or-public":
            chosen = own or [passage for passage in readable if passage.label == PUBLIC]
    return tuple(
        view.Passage(
            markdown=told.text.words,
            addressed=passage.label in policy.addressed,
            pictures=pictures_of(told.text) if told.text.pictures else (),
            language=told.language,
            instead=told.instead,
        )
        for passage in chosen
        for told in (words_of(policy, passage),)
    )


def pictures_of(passage: Text) -> tuple[view.Picture, ...]:
    """Give the pictures a passage refers to; a reader gets those of the passages it is shown, and no others."""
    return tuple(picture_of(one) for one in passage.pictures)


def picture_of(one: Picture) -> view.Picture:
    """Give a picture without the place it was found at."""
    return view.Picture(name=one.name, file=one.file, data=one.data, width=one.width, height=one.height)


def missing_roles(policy: Policy, roles: Sequence[str], seals: Sequence[Seal], words: Words) -> tuple[str, ...]:
    """Tell which required roles have not approved exactly these words for this reader."""
    sealed = {seal.role for seal in _own(policy, seals) if words_for(policy, seal.passages) == words}
    return tuple(role for role in roles if role not in sealed)


def newest_sealed(policy: Policy, roles: Sequence[str], seals: Sequence[Seal]) -> Words | None:
    """Find the newest words that every required role approved, less what the reader may no longer read."""
    for seal in sorted(_own(policy, seals), key=lambda seal: seal.at, reverse=True):
        words = words_for(policy, seal.passages)
        if words and not missing_roles(policy, roles, seals, words):
            return words
    return None


def _own(policy: Policy, seals: Iterable[Seal]) -> list[Seal]:
    return [seal for seal in seals if seal.audience == str(policy.reader)]
