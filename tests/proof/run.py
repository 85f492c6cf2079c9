"""The whole proof, by one command: `python -m proof.run`, from the folder tests; `make proof` runs it.

It ends with a table of what was shown, and with exit code 1 if anything is not as promised. What it is doing is told on
stderr meanwhile. Every figure is counted in the run itself.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from heliograph.parallel import at_once, results
from proof import crashes, deliveries, post, publishing, second_wall, suite
from proof.claims import CLAIMS, FILES, NEEDLESSLY, READING, SENDING
from proof.compare import Tally, prove_at_once, table, told_apart
from proof.crashes import timed
from proof.readers import READERS
from proof.suite import Case, of, passed
from proof.table import Line, to_markdown, to_text

REFUSED_AT_MOST = 0.05
"""Share of the worlds made that may be refused: worlds are those that build."""
FOUND_AT_LEAST = 0.999
ALIKE = 10
"""Worlds alike to the public that colleagues have to tell apart."""


def main(arguments: list[str] | None = None) -> int:
    """Do all of it and print the table."""
    options = _options(arguments)
    began = time.perf_counter()
    lines = [_non_interference(options.seed, options.worlds)]
    say("the second wall: secrets written in many ways, and harmless notes on real incidents")
    measured = second_wall.measure(options.secrets, at_once)
    say("the tests: leaks sown on purpose, damaged and hostile input, pictures, names of files")
    cases = suite.run([f"tests/{file}" for file in FILES], options.jobs)
    by_tests = [claim.line(cases) for claim in CLAIMS]
    lines += [by_tests[0], _second_wall(measured, cases), *by_tests[1:-1]]
    say("interrupted writes, power cuts, pages loaded during swaps")
    with crashes.memory() as folder:
        work = crashes.jobs(folder, options.every, options.samples, options.swaps)
        lines += crashes.lines(*crashes.worked_off(work, at_once))
    say("a store that fails, publishers that are killed and that race")
    lines += publishing.lines(publishing.Size(options.strike, options.races, max(2, options.races // 8)))
    lines += [*_sending(options.worlds // 4, options.kills, cases), by_tests[-1], _all_else(cases)]
    ending = _ending(time.perf_counter() - began)
    if options.markdown:
        options.markdown.write_text(to_markdown(lines, ending), encoding="utf-8")
    sys.stdout.write("\n" + to_text(lines, ending))
    return 1 if any(line.wrong for line in lines) else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=2000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--secrets", type=int, default=300, help="sentences that the second wall looks for")
    parser.add_argument("--every", type=int, default=1, help="interrupt at every so many calls that write")
    parser.add_argument("--samples", type=int, default=6, help="random states of the disk for each power cut")
    parser.add_argument("--swaps", type=int, default=500)
    parser.add_argument(
        "--kills", type=int, default=200, help="kills of a sender, who has 7.5 times as many deliveries"
    )
    parser.add_argument("--strike", type=int, default=1, help="let a store fail at every so many requests")
    parser.add_argument("--races", type=int, default=100, help="races of two to eight publishers")
    parser.add_argument("--jobs", default="auto", help="processes that run tests")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there too")
    return parser.parse_args(arguments)


def say(what: str) -> None:
    """Tell on stderr what is being done."""
    sys.stderr.write(f"proof: {what}\n")
    sys.stderr.flush()


def _non_interference(seed: str, worlds: int) -> Line:
    seeds = [f"{seed}-{number}" for number in range(worlds)]
    tallies = prove_at_once(seeds, READERS, lambda done: say(f"worlds compared: {done:,} of {worlds:,}"))
    alike = seeds[:ALIKE]
    apart, seconds = _told_apart(alike)
    sys.stderr.write(table(tallies) + "\n")
    found = list(tallies.values())
    leaks = sum(one.leaks for one in found)
    figures = (
        f"{leaks:,} leaks in {min(one.worlds for one in found):,} worlds × {len(found)} readers: "
        f"{sum(one.artifacts for one in found):,} files compared, {sum(one.differing_bytes for one in found):,} bytes differ"
    )
    noticed = f"{apart} of {len(alike)} pairs alike to the public are told apart by colleagues; and the seeded leaks"
    wrong = _wrong_worlds(found, worlds) + ([] if apart == len(alike) else ["worlds alike to all show nothing"])
    return Line("Non-interference", figures, noticed, seconds + sum(one.seconds for one in found), tuple(wrong))


def _told_apart(seeds: Sequence[str]) -> tuple[int, float]:
    seconds, apart = timed(lambda: sum(told_apart(seed) for seed in seeds))
    return apart, seconds


def _wrong_worlds(found: Sequence[Tally], worlds: int) -> list[str]:
    wrong = [str(one.first) for one in found if one.first]
    wrong += [f"{one.reader}: only {one.worlds} worlds" for one in found if one.worlds < worlds]
    refused = sum(one.refused for one in found)
    made = refused + sum(one.worlds for one in found)
    return wrong + ([f"{refused} of {made} worlds were refused"] if refused > made * REFUSED_AT_MOST else [])


def _second_wall(measured: second_wall.Found, cases: Sequence[Case]) -> Line:
    every = measured.ways * measured.secrets
    figures = f"{measured.found:,} of {every:,} secrets found ({measured.ways} ways to write × {measured.secrets}); "
    if measured.incidents:
        figures += (
            f"{measured.refused} of {measured.incidents:,} real incidents refused for {measured.notes:,} harmless notes"
        )
    else:
        figures += "false refusals not measured: the real incidents are not here"
    ways, needlessly = of(cases, *READING), of(cases, *NEEDLESSLY)
    wrong = suite.missing(cases, *READING, *NEEDLESSLY)
    wrong += [f"{one.test}[{one.on}]" for one in (*ways, *needlessly) if not one.passed]
    wrong += [f"{every - measured.found} secrets were not found"] if measured.found < every * FOUND_AT_LEAST else []
    wrong += [f"{measured.refused} real incidents were refused without need"] if measured.refused else []
    noticed = (
        f"{passed(ways)} ways of reading left out, and {passed(needlessly)} wall that forgets what its reader may see"
    )
    return Line("Second wall", figures, noticed, measured.seconds, tuple(wrong))


def _sending(worlds: int, kills: int, cases: Sequence[Case]) -> list[Line]:
    say("senders that are killed, and many at once")
    outcomes = results(at_once(deliveries.jobs(deliveries.Size(deliveries=15 * kills // 2, kills=kills))))
    say("mail and chat of twenty customers")
    told = post.prove_at_once(worlds, _processors(), lambda done: say(f"worlds of twenty: {done:,} of {worlds:,}"))
    customers = post.line(told, worlds, of(cases, *post.BREAKS))
    return [*deliveries.lines(outcomes), customers, *(claim.line(cases) for claim in SENDING)]


def _all_else(cases: Sequence[Case]) -> Line:
    """Hold that no other test of the same files failed either."""
    known = {test for claim in (*CLAIMS, *SENDING) for test in (*claim.show, *claim.breaks)}
    known |= {*READING, *NEEDLESSLY, *post.BREAKS}
    others = [one for one in cases if one.test not in known]
    wrong = tuple(f"{one.test}[{one.on}]" for one in others if not one.passed)
    figures = f"{passed(others)} further tests of the same, among them one for each leak and accident of other products"
    return Line("Everything beside", figures, "", sum(one.seconds for one in others), wrong)


def _ending(seconds: float) -> str:
    return (
        f"The whole took {seconds / 60:.1f} minutes on {_processors()} processors; "
        f"work is the time of all processes, added up."
    )


def _processors() -> int:
    return len(os.sched_getaffinity(0))


if __name__ == "__main__":
    sys.exit(main())
