"""The proof of deliveries in small: killed again and again, and many at once; `python -m proof.deliveries` is the whole."""

import pytest

from proof.deliveries import VARIANTS, Outcome, all_at_once, killed_again_and_again, line, lines


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_killed_again_and_again_nothing_is_accepted_twice_or_silently_missing(name, record_property):
    """The naive variants must be found out, or this could not fail."""
    outcome = killed_again_and_again(name, deliveries=300, kills=40, seed=7)
    for figure in ("deliveries", "kills", "twice", "missing", "denied", "ambiguous", "arrived"):
        record_property(figure, getattr(outcome, figure))
    assert outcome.kills > 20
    assert line(outcome).wrong == ()
    assert (outcome.wrong > 0) == name.startswith("naive")
    assert (outcome.twice > 0) == (name == "naive: saved after")
    assert (outcome.missing > 0) == (name == "naive: saved before")


@pytest.mark.slow
@pytest.mark.parametrize("without_lease", [False, True])
def test_of_many_senders_none_sends_what_another_did(without_lease):
    outcome = all_at_once("many", 4, 240, seed=3, without_lease=without_lease)
    assert outcome.wrong == 0
    assert outcome.accepted == 240
    assert without_lease or outcome.ambiguous == 0


OUTCOMES = [
    Outcome(name, 10, 0, 1, 9, twice, missing, 0, 1, 0, 0, 2.0)
    for name, twice, missing in [*zip(VARIANTS, (0, 3, 0), (0, 0, 4), strict=True), ("many", 0, 0)]
]


def test_the_proof_says_it_in_two_lines():
    alone, many = lines(OUTCOMES)
    assert (alone.wrong, many.wrong) == ((), ())
    assert "0 twice, 0 silently missing, 0 denied; 1 ambiguous (0 of them accepted)" in alone.figures
    assert (
        alone.noticed
        == "saved after: 3 accepted twice, 0 silently missing; saved before: 0 accepted twice, 4 silently missing"
    )
    assert (alone.seconds, many.seconds) == (6, 2)


@pytest.mark.parametrize(
    ("which", "change"),
    [
        (0, {"twice": 1}),
        (0, {"missing": 1}),
        (0, {"denied": 1}),
        (1, {"twice": 0}),
        (2, {"missing": 0}),
        (3, {"denied": 1}),
    ],
)
def test_a_line_fails_for_one_delivery_that_is_not_as_promised_and_for_a_naive_sender_that_is(which, change):
    outcomes = [*OUTCOMES[:which], OUTCOMES[which]._replace(**change), *OUTCOMES[which + 1 :]]
    assert [bool(one.wrong) for one in lines(outcomes)] == [which < 3, which == 3]
