"""Runs the tests that belong to the proof, and reads from their report what they counted."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from proof.readers import TESTS
from proof.table import Line


class Case(NamedTuple):
    """One test that was run: `file::test`, what it was run on, how it ended, and what it counted."""

    test: str
    on: str
    passed: bool
    seconds: float
    counted: Counter[str]


def run(paths: Iterable[str], jobs: str) -> list[Case]:
    """Run test files on `jobs` processes; what pytest says goes to stderr."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        options = ["-n", jobs, "--dist", "worksteal", "-q", "-p", "no:cacheprovider", "-o", "junit_family=xunit1"]
        command = [sys.executable, "-m", "pytest", *options, f"--junitxml={report}", *paths]
        environment = {**os.environ, "CI": os.environ.get("CI", "true")}
        subprocess.run(command, cwd=TESTS.parent, env=environment, stdout=sys.stderr, check=False)
        return [_case(found) for found in ET.parse(report).iter("testcase")] if report.exists() else []


def _case(found: ET.Element) -> Case:
    name, _, on = found.get("name", "").partition("[")
    ended = {child.tag for child in found} & {"failure", "error", "skipped"}
    counted = Counter[str]()
    for one in found.iter("property"):
        counted[one.get("name", "")] += int(one.get("value", "0"))
    file = found.get("classname", "").rpartition(".")[2]
    return Case(f"{file}::{name}", on.removesuffix("]"), not ended, float(found.get("time", "0")), counted)


class Claim(NamedTuple):
    """A line of the table that tests show: those that `show` it, those that break something, and how to say it."""

    what: str
    show: tuple[str, ...]
    breaks: tuple[str, ...]
    figures: Callable[[Sequence[Case]], str]
    noticed: Callable[[Sequence[Case]], str]

    def line(self, cases: Sequence[Case]) -> Line:
        """Make the line; a test that failed, was left out or does not exist any more is wrong."""
        shown, broken = of(cases, *self.show), of(cases, *self.breaks)
        wrong = missing(cases, *self.show, *self.breaks)
        wrong += [f"{one.test}[{one.on}]" for one in (*shown, *broken) if not one.passed]
        seconds = sum(one.seconds for one in (*shown, *broken))
        return Line(self.what, self.figures(shown), self.noticed(broken), seconds, tuple(wrong))


def of(cases: Sequence[Case], *tests: str) -> list[Case]:
    """Give the cases of some tests; a file's name alone means all of its tests."""
    return [one for one in cases if one.test in tests or one.test.partition("::")[0] in tests]


def missing(cases: Sequence[Case], *tests: str) -> list[str]:
    """Name the tests that did not run at all."""
    return [f"{test} was not run" for test in tests if not of(cases, test)]


def passed(cases: Sequence[Case]) -> str:
    """Say how many passed, of how many."""
    return f"{sum(one.passed for one in cases):,} of {len(cases):,}"


def total(cases: Sequence[Case], name: str) -> int:
    """Add up what tests counted under a name."""
    return sum(one.counted[name] for one in cases)
