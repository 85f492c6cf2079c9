"""The worlds of the proof hold, often enough, what the proof would otherwise pass over."""

import random

from proof.vary import vary
from worlds import BY_NATURE, READS, generate

WORLDS = [generate(f"held-{number}") for number in range(40)]


def audience(world, identity):
    return next(one for one in world["audiences"] if one["id"] == identity)


def test_outsiders_words_need_approval_in_some_worlds_by_impact_and_insiders_by_severity():
    assert sum(bool(audience(world, "public")["signoff"]) for world in WORLDS) >= 5
    assert sum(bool(audience(world, "strategic")["signoff"]) for world in WORLDS) >= 5
    assert sum(bool(audience(world, "exec")["signoff"]) for world in WORLDS) >= 5
    keys = {key for world in WORLDS for key in audience(world, "public")["signoff"]}
    assert keys == {"none", "minor", "major", "critical"}


def test_severity_decides_nothing_for_those_who_may_not_know_it():
    worlds = [
        vary(world, reader, random.Random(3)) for world in WORLDS[:8] for reader in ("public", "globex", "macros")
    ]
    for world in (*WORLDS, *worlds):
        for one in world["audiences"]:
            if one["boundary"] == "internal" and BY_NATURE not in READS[one["id"]]:
                assert "severity" not in one["when"]
                assert not one["signoff"]


def test_who_must_approve_what_a_reader_is_told_stays_and_the_rest_changes():
    changed = 0
    for number, world in enumerate(WORLDS):
        other = vary(world, "globex", random.Random(number))
        assert audience(other, "strategic")["signoff"] == audience(world, "strategic")["signoff"]
        changed += audience(other, "public")["signoff"] != audience(world, "public")["signoff"]
        for reader in ("public", "macros", "frontdesk"):
            same = vary(world, reader, random.Random(number))
            assert audience(same, "public")["signoff"] == audience(world, "public")["signoff"]
    assert changed >= 10


def silent(update):
    """Tell whether a public update has nothing for the public in it, by its words alone."""
    said = (update["status"], update["next_update"])
    return (
        update["audience"] == "public" and not any(said) and all(one["label"] != "public" for one in update["passages"])
    )


def test_messages_come_and_go_of_which_every_word_is_for_others():
    fewer = more = 0
    for number, world in enumerate(WORLDS):
        here = ids(world)
        there = ids(vary(world, "public", random.Random(number)))
        fewer += bool(here - there)
        more += bool(there - here)
    assert fewer >= 5
    assert more >= 20


def ids(world):
    return {update["id"] for story in world["stories"] for update in story["updates"] if silent(update)}


def in_german(world):
    """Give every text that is translated: its label, what is written for it, and whether the file is a draft."""
    things = [*world["stories"], *world["pages"]]
    things += [update for story in world["stories"] for update in story["updates"]]
    things += [story["postmortem"] for story in world["stories"] if story["postmortem"]]
    return [
        (label, one, thing["german"]["draft"]) for thing in things for label, one in thing["german"]["labels"].items()
    ]


def test_many_texts_are_translated_and_some_translations_are_old_or_not_done():
    told = [one for world in WORLDS if world["site"]["languages"] for one in in_german(world)]
    assert sum(label == "public" and not one["stale"] and not draft for label, one, draft in told) >= 60
    assert sum(label != "public" and not one["stale"] for label, one, _ in told) >= 100
    assert sum(one["stale"] for _, one, _ in told) >= 100
    assert sum(draft for _, _, draft in told) >= 20
    assert sum(bool(one["title"]) for _, one, _ in told) >= 50
    assert sum("picture" in words for _, one, _ in told for words in one["words"]) >= 5


def test_translations_a_reader_may_read_stay_and_the_others_change():
    for number, world in enumerate(WORLDS[:10]):
        other = vary(world, "public", random.Random(number))
        assert other["site"]["languages"] == world["site"]["languages"]
        here, there = in_german(world), in_german(other)
        told = {str(one) for one in there}
        kept = [one for one in here if str(one) in told]
        assert all(label == "public" for label, _, _ in kept)
        assert len(kept) >= 0.5 * sum(label == "public" for label, _, _ in here)
