"""The splitter: exact markers and nothing else divide a body, and no line ever slips from one label to another."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.load import passages
from heliograph.load.frontmatter import Body
from heliograph.load.resolve import Labels, Vocabulary
from heliograph.problems import Problems

VOCABULARY = Vocabulary(
    audiences=frozenset({"public", "internal", "support", "exec"}),
    customers=frozenset({"globex"}),
    components=frozenset(),
    facts=frozenset(),
)
LABELS = Labels(VOCABULARY)


def split(text, label="public"):
    """Passages as (label, line, words), and findings as (code, line); the body begins at line 1."""
    problems = Problems()
    found = passages.read(Body("x.md", 1, text), label, LABELS, problems)
    return [(p.label, p.place.line, p.words) for p in found], [(p.code, p.place.line) for p in problems.found]


def codes(text):
    return split(text)[1]


def test_text_above_the_first_marker_has_the_updates_label_and_each_marker_begins_a_passage():
    text = "One.\n\n::: support\n\nTwo.\nThree.\n\n::: customer:globex\nFour.\n"
    assert split(text) == (
        [("public", 1, "One."), ("support", 5, "Two.\nThree."), ("customer:globex", 9, "Four.")],
        [],
    )


def test_blank_passages_vanish():
    assert split("\n\n::: support\n \n::: exec\nNow.\n") == ([("exec", 6, "Now.")], [])


def test_a_passage_may_be_closed_and_another_begun():
    assert split("One.\n::: support\nTwo.\n:::\n\n::: exec\nThree.")[1] == []


def test_text_after_a_closed_passage_belongs_to_nobody():
    found, problems = split("One.\n::: support\nTwo.\n:::\nThree.\nFour.\n")
    assert [words for _, _, words in found] == ["One.", "Two."]
    assert problems == [("E422", 5)]


def test_closing_what_is_not_open_is_refused():
    assert codes("One.\n:::\n") == [("E402", 2)]
    assert codes("::: support\nOne.\n:::\n:::\n") == [("E402", 4)]


def test_an_unknown_label_is_refused_and_its_text_is_nobodys():
    assert split("One.\n::: intrenal\nTwo.\n") == ([("public", 1, "One.")], [("E112", 2)])
    assert codes("::: customer:initech\nTwo.\n") == [("E114", 1)]


LOOKALIKES = [
    ":::internal", "::: Internal", "::: INTERNAL", ":::  internal", "::: internal ", "::: internal:", " ::: internal",
    "   ::: internal", "    ::: internal", "\u00a0::: internal", ":: internal", "::internal", ":::: internal", "::: {internal}",
    "::: internal secret", "- ::: internal", "> ::: internal", "> > ::: internal", "# ::: internal", "**::: internal**",
    "\\::: internal", "1. ::: internal", "| ::: internal |", "\uff1a\uff1a\uff1a internal", ":\uff1a: internal",
    "\ufe55\ufe55\ufe55 internal", "\ufe30\ufe30\ufe30 internal", "\u2236\u2236\u2236 internal", "\u02d0\u02d0\u02d0 internal",
    "\ua789\ua789\ua789 internal", "\u2237: internal", "\u2237 internal", ": : : internal", ":\u200b:\u200b: internal",
    "\u200b::: internal", "\ufeff::: internal", "\u2060\u00ad:::internal", ":;: internal", ";;; internal", ":::\u00a0internal",
    "::: \u0456nternal", "::: \uff49nternal", "~::: internal", "[::: internal]", "=::: internal", "\u3164::: internal",
    "[internal]", "internal:", ":internal", "!!! internal", "@internal", "/// internal", "--- internal", "**internal:**",
    "# internal", "## Internal", "**Internal**", "_internal_", "{internal}", "(internal)", "[INTERNAL]:", "\uff3binternal\uff3d",
    "customer:globex:", "[customer:globex]", "%% internal", "== internal ==", "`internal`:", "internal\uff1a",
]  # fmt: skip


@pytest.mark.parametrize("line", LOOKALIKES)
def test_what_looks_like_a_marker_is_refused_wherever_it_stands_and_what_follows_is_nobodys(line):
    for before in ("", "Words.\n\n", "Words.\n"):
        found, problems = split(f"{before}{line}\nSecret.\n")
        assert ("E404", before.count("\n") + 1) in problems
        assert all("Secret" not in words for _, _, words in found)
    assert ("E404", 2) in codes(f"```\n{line}\nSecret.\n```\n")


def test_an_element_named_after_a_label_is_refused_too():
    assert ("E404", 1) in codes("<internal>\nSecret.\n</internal>\n")


HARMLESS = [
    "At 14:20: we found it.", "12:30 UTC: fixed", ":-) all well", "Note: see below:", "| a | b |\n|:--|:-:|\n| 1 | 2 |",
    "Write `::: internal` to begin one.", "`::: internal` begins one.", "std::vector is fine", "14:20", "a :: b", "Please contact\nsupport.",
    "Asked:\n\n- support\n- exec\n", "1. support", "Cause: replica lag", "Internal systems only.", "The key is `a::b`.", ": one colon",
    "Ratio 3:1", "https://example.com/", "10:15:00 the page was late", "Done; thanks; bye", "operational", "- 14:05: began",
]  # fmt: skip


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_words_are_left_alone(text):
    assert codes(text) == []


def test_a_label_alone_in_a_paragraph_is_refused_even_without_marks():
    assert codes("Words.\n\nInternal\n\nSecret.\n")[0] == ("E404", 3)


def test_a_marker_in_an_open_code_block_is_refused_at_the_marker_and_the_block_named():
    problems = Problems()
    passages.read(Body("x.md", 11, "One.\n\n~~~ sh\nls\n\n::: internal\nTwo.\n~~~\n"), "public", LABELS, problems)
    first, second = problems.found
    assert (first.code, first.place.line) == ("E405", 16)
    assert "line 13" in first.message
    assert (second.code, second.place.line) == ("E401", 18)


@pytest.mark.parametrize(
    "text", ["One.\n```\nls\n", "```", "- a\n  ```\n  ls\n\nb\n", "````\n```\n", "```\n    ```\n", "> ```\n> ls\n"]
)
def test_a_code_block_left_open_is_refused(text):
    line = next(number for number, line in enumerate(text.split("\n"), 1) if "```" in line)
    assert codes(text) == [("E401", line)]


@pytest.mark.parametrize(
    "text",
    [
        "```\nls\n```",
        "- ```\n  ls\n  ```\nb\n",
        "~~~\n```\n~~~\n",
        "```\n```\n",
        "> ```\n> ls\n> ```\n",
        "``` not `a` block\n",
    ],
)
def test_a_closed_code_block_is_fine(text):
    assert codes(text) == []


def test_a_customers_file_is_one_passage():
    problems = Problems()
    body = Body("x+globex.md", 1, "Yours arrives late.\n::: internal\nSecret.\n")
    found = passages.read_undivided(body, "customer:globex", LABELS, problems)
    assert [(p.label, p.words) for p in found] == [("customer:globex", "Yours arrives late.")]
    assert [(p.code, p.place.line) for p in problems.found] == [("E424", 2)]


def test_hints_name_the_label_that_was_meant_and_nothing_of_the_text():
    problems = Problems()
    passages.read(Body("x.md", 1, ":::intrenal zanzibar\nquokka\n"), "public", LABELS, problems)
    told = str(problems.found[0])
    assert "did you mean internal?" in told
    assert "zanzibar" not in told


MARKER = re.compile(r"::: (public|internal|support|exec|say|strategic|customer:globex)")
LINES = st.one_of(
    st.sampled_from(["", "   ", "Words here.", ":::", "```", "~~~", "  ```", "> ```", "- item", "    code", "support.", "internal", "\u200b", *LOOKALIKES]),
    st.sampled_from(["::: public", "::: internal", "::: support", "::: say", "::: customer:globex", "::: nobody"]),
    st.text(alphabet=st.sampled_from(":;\uff1a \u200binternalsuport-`~#>*\\|[]()1.!"), max_size=20),
    st.text(alphabet=st.characters(exclude_characters="\n\r", exclude_categories=("Cs",)), max_size=12),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(LINES, max_size=14))
def test_every_line_belongs_to_one_passage_or_something_is_refused(lines):
    found, problems = split("\n".join(lines))
    owners = {}
    for label, first, words in found:
        for offset, line in enumerate(words.split("\n")):
            assert lines[first - 1 + offset] == line
            assert first + offset not in owners
            owners[first + offset] = label
    if not problems:
        for number, line in enumerate(lines, 1):
            kept = number in owners or not line.strip() or MARKER.fullmatch(line) or line == ":::"
            assert kept, (number, line)


@settings(max_examples=400, deadline=None)
@given(st.lists(LINES, max_size=14))
def test_below_a_marker_no_line_has_another_label_unless_an_exact_marker_gives_it(lines):
    found, _ = split("\n".join(lines))
    owners = {first + n: label for label, first, words in found for n in range(words.count("\n") + 1)}
    due = "public"
    for number, line in enumerate(lines, 1):
        exact = MARKER.fullmatch(line)
        due = exact.group(1) if exact else (None if line == ":::" or line == "::: nobody" else due)
        assert owners.get(number, due) == due, (number, line)


BEHIND_TEXT = [
    "Text ::: internal", "Text.::: internal", "x::: internal", "\u0406::: SUPPORT", "Text :::intrenal", "Text.\uff1a\uff1a\uff1a internal", "`a` ::: internal",
    "Text :: internal", "Text: : : internal", "&#58;::: internal", ":]:: internl", ":_:: internal", "\u02d0 internal", "Text ::: finance", "Text :::", "e\u0301 ::: internal",
    "internal::: x", "`::: internal **and more words than any label has** `", "`::: internal`and", "  e\u0144gineering:",
]  # fmt: skip


@pytest.mark.parametrize("line", BEHIND_TEXT)
def test_a_marker_behind_other_text_in_its_line_is_refused_and_what_follows_is_nobodys(line):
    found, problems = split(f"Words.\n\n{line}\nSecret.\n")
    assert ("E404", 3) in problems
    assert all("Secret" not in words for _, _, words in found)


NO_MARKERS = [
    "tcp6  0  0 :::22  :::*  LISTEN", "stats:::lag(x) is R", "see `a ::: b`", "std::vector::size", "a::b::c", "Haskell: x :: Int", "at 14:20: done: all", "smile :-) :-)",
    "Ratio 3:1:2", "fe80::1 and ::1 are addresses", "| a | b |\n|:-:|:--|\n| 1 | 2 |", "C:\\Users", "detail::internal in a sentence", "Write `::: say` or `::: exec` above it.",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_MARKERS)
def test_colons_that_belong_to_addresses_code_and_tables_are_left_alone(text):
    assert codes(f"Words.\n\n{text}\n") == []
