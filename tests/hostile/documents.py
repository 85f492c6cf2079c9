"""Documents made of scraps of hostile text: Markdown's marks, HTML's, and whole vectors, in any order."""

from __future__ import annotations

import random
from collections.abc import Iterator

from hostile.vectors import VECTORS

_MARKS = (
    *(
        "[",
        "](",
        "]",
        ")",
        "![",
        "[a]",
        "[a]:",
        "<",
        ">",
        "</",
        "/>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "&",
        ";",
        "\\",
        '"',
        "'",
    ),
    *(
        "*",
        "**",
        "_",
        "__",
        "~~",
        "`",
        "``",
        "```",
        "~~~",
        "#",
        "## ",
        "> ",
        "- ",
        "1. ",
        "|",
        "---",
        "===",
        "    ",
        "\n",
        "\n",
        "\n\n",
    ),
    *(
        "javascript:",
        "data:text/html,",
        "https://evil.example/",
        "//evil.example",
        "hit(1)",
        "onerror=hit(1)",
        " onload=hit(1) ",
    ),
    *(
        "script",
        "img",
        "svg",
        "style",
        "iframe",
        "math",
        "a",
        " ",
        "x",
        "&#x6A;",
        "&colon;",
        "&lt;",
        "&quot;",
        "\t",
        "\u00a0",
        "\u200b",
    ),
    *(
        "<img src=x onerror=hit(1)>",
        "<script>hit(1)</script>",
        "\x00",
        "\x0b",
        "\u2028",
        "\ufeff",
        "\U0001f600",
        "é",
        "{{7*7}}",
        "</p>",
    ),
)


def documents(seed: int, count: int) -> Iterator[str]:
    """Make so many documents; equal seeds make equal ones."""
    source = random.Random(seed)
    for _ in range(count):
        yield _document(source)


def _document(source: random.Random) -> str:
    if source.random() < 0.3:
        vector = source.choice(VECTORS)
        for _ in range(source.randint(1, 4)):
            at = source.randint(0, len(vector))
            vector = vector[:at] + source.choice(_MARKS) + vector[at + source.choice((0, 0, 1, 2)) :]
        return vector
    return "".join(source.choice(_MARKS) for _ in range(source.randint(3, 40)))
