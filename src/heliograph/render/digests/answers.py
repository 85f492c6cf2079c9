"""Words that come with labels of their own: `**Pause:** campaigns. **Resume:** when solved.` becomes two lines."""

from __future__ import annotations

import re
from typing import Final

_LABEL: Final = re.compile(r"(?:(?<=\s)|^)\*\*([A-ZÀ-Þ¿][^*\n]{0,22}[:?])\*\*\s*")


def answers(markdown: str) -> dict[str, str]:
    """Sort a passage by its bold labels, in their order, without their colons; what has none stands under ``""``.

    A label opens a paragraph, or stands inside a paragraph that one opens; others stay words. Text goes on under
    the last label, also in the paragraphs that follow.
    """
    found: dict[str, list[str]] = {}
    label = ""
    for paragraph in re.split(r"\n[ \t]*\n", markdown.strip()):
        before, *labelled = _LABEL.split(paragraph) if _LABEL.match(paragraph) else [paragraph]
        if before.strip():
            found.setdefault(label, []).append(before)
        for name, text in zip(labelled[::2], labelled[1::2], strict=True):
            label = name.rstrip(": \u00a0\u202f")
            found.setdefault(label, []).append(text[:1].upper() + text[1:].rstrip())
    return {label: "\n\n".join(texts) for label, texts in found.items()}


def answer(markdown: str, label: str) -> tuple[str, str]:
    """Split a passage into the rest of it and what stands under one bold label; both in Markdown.

    Case does not count. Other labels stay as they were written.
    """
    found = answers(markdown)
    own = next((name for name in found if name.casefold() == label.casefold()), None)
    if own is None:
        return markdown, ""
    others = (f"**{name}:** {text}" if name else text for name, text in found.items() if name != own)
    return "\n\n".join(others), found[own]
