"""The proof's own machinery: a line fails if any test of it failed, was left out or is gone; processes change nothing."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from proof import post
from proof.claims import CLAIMS, FILES, NEEDLESSLY, READING, SENDING
from proof.compare import Tally, prove, prove_at_once, told_apart
from proof.run import _all_else, _second_wall, _wrong_worlds
from proof.second_wall import Found
from proof.suite import Case, Claim, of, passed, run, total
from proof.table import Line, to_markdown, to_text

HERE = Path(__file__).parent
CLAIM = Claim("Claim", ("a::shows",), ("a::breaks",), lambda cases: passed(cases), lambda cases: passed(cases))


def case(test, *, ok=True, **counted):
    return Case(test, "x", ok, 1.5, Counter(counted))


def test_every_test_that_a_claim_names_exists_in_a_file_that_is_run():
    defined = set()
    for file in FILES:
        tree = ast.parse((HERE / file).read_text("utf-8"))
        defined |= {f"{Path(file).stem}::{node.name}" for node in tree.body if isinstance(node, ast.FunctionDef)}
    named = {test for claim in (*CLAIMS, *SENDING) for test in (*claim.show, *claim.breaks)}
    assert (named | {*READING, *NEEDLESSLY, *post.BREAKS}) - defined == set()


def test_each_claim_has_something_broken_on_purpose():
    assert all(claim.breaks for claim in (*CLAIMS, *SENDING))


def test_a_claim_whose_tests_pass_is_a_line_with_their_time():
    line = CLAIM.line([case("a::shows"), case("a::shows"), case("a::breaks")])
    assert line == Line("Claim", "2 of 2", "1 of 1", 4.5)
    assert line.verdict == "ok"


@pytest.mark.parametrize(
    "cases",
    [
        [case("a::shows", ok=False), case("a::breaks")],
        [case("a::shows"), case("a::breaks", ok=False)],
        [case("a::shows")],
        [case("a::breaks")],
        [],
    ],
    ids=["failed", "not noticed", "nothing broken", "nothing shown", "nothing run"],
)
def test_a_claim_fails_if_any_of_its_tests_failed_or_did_not_run(cases):
    assert CLAIM.line(cases).verdict == "FAILED"


def test_tests_outside_all_claims_may_not_fail_either():
    assert _all_else([case("test_egress::other")]).verdict == "ok"
    assert _all_else([case("test_egress::other", ok=False)]).verdict == "FAILED"


READ = [case(test) for test in (*READING, *NEEDLESSLY)]
WALL = Found(secrets=300, ways=20, found=6000, incidents=90, notes=200, refused=0, seconds=1.0)


def test_the_second_wall_may_miss_one_in_a_thousand_and_refuse_nothing_real():
    assert _second_wall(WALL, READ).verdict == "ok"
    assert _second_wall(WALL._replace(found=5994), READ).verdict == "ok"
    assert _second_wall(WALL._replace(found=5993), READ).verdict == "FAILED"
    assert _second_wall(WALL._replace(refused=1), READ).verdict == "FAILED"
    assert _second_wall(WALL, READ[1:]).verdict == "FAILED"


def test_where_there_are_no_real_incidents_it_is_said():
    assert "not measured" in _second_wall(WALL._replace(incidents=0), READ).figures


def test_fewer_worlds_than_asked_for_or_many_that_were_refused_are_wrong():
    assert _wrong_worlds([Tally("public", worlds=10)], 10) == []
    assert _wrong_worlds([Tally("public", worlds=9)], 10)
    assert _wrong_worlds([Tally("public", worlds=10, refused=1)], 10)


@pytest.mark.slow
def test_many_processes_find_what_one_does():
    seeds, readers = [f"processes-{number}" for number in range(12)], ("public", "globex")
    one, many = prove(seeds, readers), prove_at_once(seeds, readers)
    for tally in (*one.values(), *many.values()):
        tally.seconds = 0
    assert one == many


@pytest.mark.slow
def test_worlds_alike_to_one_reader_differ_for_another():
    assert told_apart("apart")
    assert not told_apart("apart", by="public")


@pytest.mark.slow
def test_what_a_test_counts_is_read_from_its_report_also_if_it_fails(tmp_path):
    (tmp_path / "test_counting.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('n', [1, 2])\n"
        "def test_it(n, record_property):\n"
        "    record_property('seen', n)\n"
        "    record_property('seen', 10)\n"
        "    assert n < 2\n"
        "@pytest.mark.skip\n"
        "def test_left_out(): pass\n"
    )
    cases = run([str(tmp_path / "test_counting.py")], "0")
    assert total(of(cases, "test_counting::test_it"), "seen") == 23
    assert [(one.on, one.passed) for one in of(cases, "test_counting")] == [("1", True), ("2", False), ("", False)]


def test_the_table_tells_each_line_and_below_it_what_is_wrong():
    lines = [Line("One", "1 | of 1", "two ways", 3.2), Line("Other", "no", "", 700.0, ("it broke",))]
    text, markdown = to_text(lines, "The end."), to_markdown(lines, "The end.")
    assert "Noticed: two ways" in text
    assert "Other: it broke" in text
    assert text.endswith("The end.\n")
    assert "| One | 1 \\| of 1 | two ways | 3 s |" in markdown
    assert "| Other | **FAILED** no |  | 12 min |" in markdown
