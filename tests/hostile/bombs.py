"""Texts that cost a reader of Markdown more than they cost their writer: deep, wide, long, or nearly something."""

from __future__ import annotations

from typing import Final

ROOM: Final = 64 * 1024 - 2
"""As much as a passage may hold: what is refused for its size alone would show nothing."""


def _fill(piece: str, end: str = "") -> str:
    """Repeat a piece as often as it fits."""
    return piece * ((ROOM - len(end)) // len(piece)) + end


def _both(opening: str, closing: str, count: int) -> str:
    return opening * count + "a" + closing * count


def _tables(columns: int, rows: int) -> str:
    one = "|".join("a" * columns) + "\n" + "|".join("-" * columns) + "\n" + "a\n" * rows
    return _fill(one + "\n")


BOMBS: Final[dict[str, str]] = {
    # brackets
    "open brackets": _fill("["),
    "nearly as many open brackets as are allowed": "[" * 1_000 + "a",
    "image in image": _fill("!["),
    "image after bracket": _fill("![["),
    "closing brackets": _fill("]"),
    "empty brackets": _fill("[]"),
    "links that never close": _fill("[a]("),
    "links in angle brackets that never close": _fill("[a](<"),
    "link in link": _both("[", "](https://x.example)", 900),
    "image in image, closed": _both("![", "](x)", 300),
    "parentheses in a link": "[a](" + _fill("(")[:-8],
    "balanced parentheses in a link": _both("[a](" + "(" * 9_000, ")" * 9_000 + ")", 1),
    "escaped quotes in a link's title": '[a](https://x.example "' + "\\" + '"\\' * 20_000,
    "emphasis in a link": "[" + "*a " * 20_000 + "](https://x.example)",
    "links by the hundred": "[a](https://x.example/) " * 900,
    # references
    "reference definitions": "".join(f"[a{n}]: https://x.example/{n}\n" for n in range(999)),
    "one reference used often": "[a]: https://x.example/\n\n" + "[a] " * 900,
    "one long reference used often": "[a]: https://x.example/" + "A" * 30_000 + "\n\n" + "[a]" * 900,
    "a reference's open title": "[a]: https://x.example '" + _fill("a'")[:-60],
    "references that never end": "[a]:\n" * 990,
    "references with open titles": '[a]: x "\n' * 990,
    "a label of 60,000 letters": "[" + "a" * 60_000 + "]: https://x.example",
    "footnotes": "".join(f"[^{n}]: [^{n + 1}]\n" for n in range(450)),
    # emphasis
    "strong in strong": _both("**", "**", 15_000),
    "emphasis of both kinds in turn": _fill("*_"),
    "emphasis that never closes": _fill("*a "),
    "strong within words": _fill("a**b"),
    "strong and emphasis that never close": _fill("**a *b "),
    "underscores within words": _fill("_a__b "),
    "strikethrough that never closes": _fill("~~a "),
    "all kinds of emphasis": _fill("*a_b**c__d~~"),
    "one run of stars": _fill("*"),
    "one run of underscores": _fill("_", "a"),
    # backticks and code
    "one run of backticks": _fill("`", "a"),
    "runs of backticks, each longer": "".join("`" * n + " " for n in range(1, 350)),
    "runs of backticks, each shorter": "".join("`" * n + " " for n in range(350, 0, -1)),
    "code blocks": _fill("```\n"),
    "code blocks, each longer": "".join("`" * n + "\n" for n in range(3, 350)),
    "indented code": _fill("    a\n"),
    # blocks
    "quote in quote": _fill("> "),
    "quote in quote without spaces": _fill(">", "\na"),
    "a quote and lazy lines": "> a\n" + _fill("a\n")[:-8],
    "list in list by columns": "".join("  " * n + "- a\n" for n in range(230)),
    "list in list in one line": _fill("- ", "a"),
    "numbered list in list in one line": _fill("1. ", "a"),
    "quote in list in quote": _fill("> - ", "a"),
    "empty items, each deeper": "".join(" " * n + "-\n" for n in range(340)),
    "list of many items": _fill("* a\n"),
    "list of many paragraphs": _fill("- a\n\n"),
    "numbered list of many items": "".join(f"{n}. a\n" for n in range(7_500)),
    "headings": _fill("# a\n"),
    "a heading of many marks": _fill("#"),
    "a paragraph that may become a heading": _fill("a\n", "==="),
    "rules": _fill("---\n"),
    # tables
    "wide tables of short rows": _tables(256, 256),
    "one wide table": "|a" * 9_000 + "|\n" + "|-" * 9_000 + "|\n" + "|b" * 9_000,
    "one long table": "|a|b|\n|-|-|\n" + _fill("|1|2|\n")[:-20],
    "pipes": _fill("|") + "\n" + "|-" * 500,
    "a row of dashes": "a|b\n" + _fill("-|")[:-8],
    # angle brackets and entities
    "tags that never close": _fill("<a "),
    "comments that never close": "<!-- " * 990,
    "declarations that never close": "<![CDATA[" * 900,
    "autolinks": "<https://x.example/> " * 900,
    "ampersands": _fill("&"),
    "entities": _fill("&amp;"),
    "an entity of 60,000 letters": "&" + _fill("a")[:-8] + ";",
    "a number of 60,000 digits": "&#" + _fill("9")[:-8] + ";",
    # plain
    "one word": _fill("a"),
    "words": _fill("a "),
    "line breaks": _fill("a\\\n"),
    "backslashes": _fill("\\"),
    "escaped brackets": _fill("\\]"),
    "combining accents": "a" + _fill("\u0301")[:-8],
    "joined emoji": _fill("\U0001f469\u200d"),
    "percent signs in a link": "[a](https://x.example/" + "%41" * 20_000 + ")",
    "colons": _fill("a:"),
    "semicolons and spaces": _fill("a ; "),
    "pairs of colons in one line": _fill("x ::a "),
    "words parted by three colons": _fill("a:::b "),
    "colons and backticks": _fill("`:a "),
}
