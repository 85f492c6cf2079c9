"""Twenty customers: none gets a word, name or address of another, in mail, chat or what decides when they are sent."""

from __future__ import annotations

from collections import Counter

import pytest

from heliograph.gate import labels
from proof.post import BREAKS, Tally, _marks, line, prove
from proof.suite import Case


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
def test_no_customer_hears_of_another(part, record_property):
    found = prove([f"post-{number}" for number in (2 * part, 2 * part + 1)])
    assert found.foreign == ()
    assert found.worlds == 2
    assert found.own > 5
    assert found.mails > 50
    record_property("mails", found.mails)


@pytest.mark.slow
def test_a_gate_that_lets_customers_read_each_other_s_words_is_noticed(monkeypatch):
    sound = labels._outsider

    def leaky(reader, addressed, shows):
        more = ("customer:house-3", "customer:globex") if reader.customer else ()
        return sound(reader, (*addressed, *more), shows)

    monkeypatch.setattr(labels, "_outsider", leaky)
    assert prove(["post-0", "post-1"]).foreign


NOTICED = [Case(BREAKS[0], "", passed=True, seconds=1.0, counted=Counter())]
FOUND = Tally(worlds=19, messages=40, mails=90, own=7, refused=("post-3: E801",), seconds=2.0)


def test_the_proof_says_it_in_a_line():
    told = line(FOUND, 20, NOTICED)
    assert told.wrong == ()
    assert "0 foreign words, names or addresses in 40 messages and 90 mails of 19 worlds × 20 customers" in told.figures
    assert told.seconds == 3


@pytest.mark.parametrize(
    ("found", "noticed"),
    [
        (FOUND._replace(foreign=("x",)), NOTICED),
        (FOUND._replace(own=0), NOTICED),
        (FOUND._replace(refused=("post-3: E801", "post-4: E801")), NOTICED),
        (FOUND, []),
        (FOUND, [NOTICED[0]._replace(passed=False)]),
    ],
    ids=["foreign", "nothing to find", "refused", "nothing broken", "not noticed"],
)
def test_the_line_fails_for_anything_foreign_and_where_it_could_not_have_been_found(found, noticed):
    assert line(found, 20, noticed).verdict == "FAILED"


def test_an_id_that_only_looks_like_somebodys_words_is_none():
    names = {"house-3": "Third", "globex": "Globex"}
    assert _marks("<zz4gcqcdzz0a@mail.example> zzhouse3zz0af1 zzglobexzzxy", names) == {"house3"}


@pytest.mark.slow
def test_what_customers_were_told_is_kept_from_insiders_whose_own_roles_have_yet_to_approve_it():
    assert prove(["post-6"]).refused == (), "a digest quoted it, and the second wall refused the whole build"
