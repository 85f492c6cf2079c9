"""The second wall: no file leaves that holds words its reader may not read.

Renderers are given only what their readers may see, so this should never find anything. It knows nothing of how pages
are made: it reads the finished bytes and looks in them for shingles, tokens and whole short texts of what is withheld.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

import msgspec

from heliograph.egress import decode
from heliograph.egress.letters import fold_each
from heliograph.egress.matcher import Matcher
from heliograph.egress.needles import Needle, needle
from heliograph.egress.secrets import Secrets
from heliograph.egress.shingles import shared
from heliograph.egress.suspects import Suspects
from heliograph.egress.visible import Unmeant, Visible, in_sentences
from heliograph.gate import Hidden
from heliograph.problems import Place, Problem, Refused
from heliograph.tree.artifact import Artifact

_ENOUGH: Final = 1 << 20
"""So many letters are gathered before they are searched."""
_HELD: Final = 256
"""So many files are read at a time."""
_AT_MOST: Final = 100
"""So many findings of one tree are told."""
_SETTINGS: Final = Place("site_src/site.toml")


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What to hold one reader's files against.

    `hidden` gives what it may not read, `authored` is all that was written. `shown` are all structures its files are
    made from, `house` gives what layouts say of themselves; `names` (of components and groups) and `titles` (of
    problems) are what pages make sentences of. `customers` are names that count even where they are one word. `terms`
    must stand in none of its files, whoever wrote them.
    """

    reader: str
    hidden: Callable[[], Iterable[Hidden]]
    authored: object
    shown: tuple[object, ...]
    house: Callable[[], Iterable[str]] = tuple
    names: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    customers: frozenset[str] = frozenset()
    terms: tuple[str, ...] = ()


class Part(NamedTuple):
    """Files of one tree that have the same reader."""

    watch: Watch
    artifacts: Iterable[Artifact]


def guarded(tree: str, parts: Iterable[Part]) -> Iterator[Artifact]:
    """Pass files on as they are made; at their end raise Refused (E801, E802) if any holds what it must not.

    Nothing may come of the files before the end is reached: a tree is swapped only then.
    """
    problems: list[Problem] = []
    for part in parts:
        wall = Wall(part.watch)
        for artifact in part.artifacts:
            wall.take(artifact)
            yield artifact
        problems += wall.verdict(tree)
    if problems:
        raise Refused(_told(problems))


def _told(problems: list[Problem]) -> Iterator[Problem]:
    yield from problems[:_AT_MOST]
    if len(problems) > _AT_MOST:
        last = problems[_AT_MOST]
        yield Problem(last.place, last.code, f"and {len(problems) - _AT_MOST} more like these")


class Wall:
    """Gathers what one reader's files say, and judges it."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._unmeant = Unmeant(lambda: self._secrets.counts, watch.authored)
        self._visible = Visible(watch.shown, self._said, self._unmeant)
        self._terms = {one.folded: one for term in watch.terms if (one := _term(term))}
        self._term_matcher = Matcher(self._terms)
        self._held: list[Artifact] = []
        self._reading = decode.Reading()
        self._blocks: set[int] = set()
        self._runs: dict[str, tuple[str, str]] = {}
        """By their letters: how they are written, each way on a line, and the first file they are from."""
        self._size = 0
        self._suspects = Suspects()
        self._forbidden: dict[Needle, str] = {}

    @cached_property
    def _secrets(self) -> Secrets:
        return Secrets(self._watch.hidden(), self._watch.customers)

    def take(self, artifact: Artifact) -> None:
        """Take one file. Some hundreds are read at a time: in turns with making them it would take longer."""
        self._held.append(artifact)
        if len(self._held) == _HELD:
            self._read_held()

    def _read_held(self) -> None:
        """Read the files that wait. What stood in files before them, such as a page's frame, is not looked at again."""
        runs: dict[str, str] = {}
        for artifact in self._held:
            for run in self._reading.fresh(artifact):
                runs.setdefault(run, artifact.path)
        self._held.clear()
        texts = decode.unwrap(runs)
        folded = fold_each(texts)
        self._forbid([*texts.items()], folded)
        self._keep(texts, folded)

    def _forbid(self, texts: Sequence[tuple[str, str]], folded: Sequence[str]) -> None:
        for term, line in self._term_matcher.lines(folded):
            text, path = texts[line]
            if self._terms[term] not in self._forbidden and self._terms[term].stands_in(text):
                self._forbidden[self._terms[term]] = path

    def _keep(self, texts: Mapping[str, str], folded: Sequence[str]) -> None:
        """Keep what the reader may not be meant to see, until there is enough of it for a search."""
        for letters, (text, path) in zip(folded, texts.items(), strict=True):
            if hash(letters) not in self._blocks:
                known = self._runs.get(letters)
                if known is None:
                    self._runs[letters] = (text, path)
                    self._size += len(letters)
                elif text not in known[0]:
                    self._runs[letters] = (f"{known[0]}\n{text}", known[1])
        if self._size > _ENOUGH:
            self._make_room()

    def verdict(self, tree: str) -> Iterator[Problem]:
        """Judge all that was read: a finding for each source whose words stand in a file, naming one such file."""
        self._read_held()
        self._search()
        names = [name for name in self._watch.names if name not in self._unmeant]
        leaks = self._suspects.judged(self._secrets, self._visible, names)
        for place, path in sorted(leaks.items()):
            yield Problem(place, "E801", f"{self._watch.reader} may not read this; it would stand in {tree}/{path}")
        for term, path in sorted(self._forbidden.items(), key=lambda one: one[1]):
            place = self._secrets.place_of(term) or _SETTINGS
            yield Problem(place, "E802", f"a word that no outsider may read would stand in {tree}/{path}")

    def _said(self) -> Iterator[str]:
        yield from self._watch.house()
        titles = (title for title in self._watch.titles if title not in self._unmeant)
        yield from (said for title in titles for said in in_sentences(title))

    def _make_room(self) -> None:
        """Drop what the reader may see as it stands; where that leaves much, search it now.

        Small trees never get here: to know all that may be seen costs more than to search their few runs.
        """
        if not self._blocks:
            self._blocks = self._visible.blocks()
            self._runs = {letters: run for letters, run in self._runs.items() if hash(letters) not in self._blocks}
            self._size = sum(map(len, self._runs))
        if self._size > _ENOUGH // 2:
            self._search()

    def _search(self) -> None:
        """Look for what is hidden in the runs that were kept, and keep only what looks like it."""
        suspects, folded, runs = self._suspects, list(self._runs), list(self._runs.values())
        for shingle, line in Matcher(shared(folded, self._secrets.folded)).lines(folded):
            suspects.shingles.setdefault(shingle, runs[line][1])
        for one, place, line in self._secrets.needles_in(folded):
            text, path = runs[line]
            if (one, place) not in suspects.needles and one.stands_in(text):
                suspects.needles[one, place] = path
        self._runs, self._size = {}, 0


def _term(written: str) -> Needle | None:
    return needle(written, "name" if " " in written else "token")
