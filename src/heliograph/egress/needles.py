"""Hidden words that are looked for whole: names, hosts, addresses, tickets, canaries, texts too short for a shingle."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal

import msgspec

from heliograph.egress.decode import JOINT
from heliograph.egress.letters import fold, words_of
from heliograph.egress.shingles import TELLING, WINDOW, letter_runs
from heliograph.tree.artifact import MEDIA_TYPES

CANARY: Final = "hg-canary-"
"""Authors put such words, with something of their own behind, wherever no outsider may ever read."""

_LABEL: Final = r"[a-z0-9-]{1,63}"
_TOKEN: Final = re.compile(
    rf"(?P<canary>{CANARY}[\w-]+)"
    r"|(?P<url>\bhttps?://[^\s<>()\"'`\]]{1,500}[^\s<>()\"'`\].,;:!?])"
    rf"|(?P<mail>\b[\w.+-]{{1,64}}@(?:{_LABEL}\.){{1,12}}[a-z]{{2,}}\b)"
    r"|(?P<ip>(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\w)|(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}:?[0-9a-f]{1,4}(?![\w:]))"
    rf"|(?P<host>\b(?:{_LABEL}\.){{1,12}}[a-z]{{2,}}\b)"
    r"|(?P<ticket>(?-i:\b[A-Z][A-Z0-9]{1,9}-\d{1,7}\b))",
    re.IGNORECASE,
)
_HOST: Final = re.compile(rf"(?:{_LABEL}\.){{1,12}}[a-z]{{2,}}|(?:\d{{1,3}}\.){{3}}\d{{1,3}}", re.IGNORECASE)
_MAYBE: Final = re.compile(r"[.:@/]\w|-\d|-canary-")
_STANDARDS: Final = frozenset(
    {"utf", "iso", "sha", "rfc", "http", "tls", "ssl", "md", "aes", "rsa", "tcp", "udp", "ipv"}
)
_FILES: Final = frozenset({*MEDIA_TYPES, "xml", "jpg", "jpeg", "webp", "gif", "pdf", "gz", "zip", "py", "sh", "yaml"})
_CALENDAR: Final = frozenset(
    [
        "january",
        "february",
        "april",
        "august",
        "september",
        "october",
        "november",
        "december",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ]
)
_LONG_WORD: Final = 6
_FIGURES: Final = 16
_SEVERAL: Final = 4
_SHORT: Final = WINDOW * 4
"""No text of so many characters folds to less than a shingle, unless it is mostly marks."""


Kind = Literal["token", "name", "short"]


class Needle(msgspec.Struct, frozen=True):
    """Words that must not stand together in an output, and the same folded.

    A `token`, such as a host's name, is written without blanks; names and texts are not. A text (`short`) counts only
    by words that the reader may not see, the others as they are.
    """

    words: tuple[str, ...]
    folded: str
    kind: Kind

    @property
    def pattern(self) -> re.Pattern[str]:
        """Match the words whole and in order, in text that is compatibility-composed and case-folded."""
        between = r"(?:[^\w\s,;]|_){1,3}" if self.kind == "token" else r"[\W_]{1,8}"
        return re.compile(rf"(?<![^\W_]){between.join(map(re.escape, self.words))}(?![^\W_])")

    def stands_in(self, text: str) -> bool:
        """Tell whether the words stand whole in a text, whether or not inline elements part words in it."""
        plain = unicodedata.normalize("NFKC", text).casefold()
        return any(self.pattern.search(plain.replace(JOINT, between)) for between in ("", " "))


def needle(text: str, kind: Kind) -> Needle | None:
    """Make a needle of a text; None for one without words."""
    words = tuple(words_of(text))
    return Needle(words, fold("".join(words)), kind) if words else None


@lru_cache(maxsize=1 << 17)
def needles_of(text: str) -> tuple[Needle, ...]:
    """Find the hosts, addresses, tickets and canaries in a text, and the text itself if it is short but tells."""
    words = text.split() if _MAYBE.search(text) else ()
    found = [one for word in words if _MAYBE.search(word) for one in _tokens(word)]
    if len(text) < _SHORT and (whole := needle(text, "short")) and _tells(whole):
        found.append(whole)
    return tuple(found)


@lru_cache(maxsize=1 << 14)
def _tokens(word: str) -> tuple[Needle, ...]:
    """Find the tokens in what stands between two blanks: none of them holds any."""
    return tuple(made for token in _as_written(word) if (made := needle(token, "token")))


def _as_written(word: str) -> Iterator[str]:
    for found in _TOKEN.finditer(word):
        token, kind = found.group(), found.lastgroup
        common = kind == "ticket" and token.partition("-")[0].lower() in _STANDARDS
        is_file = kind == "host" and token.rpartition(".")[2].lower() in _FILES
        if not (common or is_file):
            yield token
        if kind in ("url", "mail") and (host := _HOST.search(token.partition("@")[2] or token)):
            yield host.group()


def _tells(short: Needle) -> bool:
    """Tell whether a text too short for a shingle is more than a common word, a number or a date.

    It is if it has several words and 12 letters in a row, or many figures and a word of its own.
    """
    if not TELLING <= len(short.folded) < WINDOW or len(short.words) < 2:  # noqa: PLR2004 -- one is a common word
        return False
    if any(True for _ in letter_runs(short.folded)):
        return True
    own = any(len(word) >= _LONG_WORD and word.isalpha() and word not in _CALENDAR for word in short.words)
    return own and len(short.folded) >= _FIGURES and len(short.words) >= _SEVERAL
