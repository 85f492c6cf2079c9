"""Runs the proof from the command line: `python -m proof.run --worlds 50 --seed demo`, from the folder tests."""

from __future__ import annotations

import argparse
import sys
import time

from proof.compare import Tally, prove
from proof.readers import READERS


def main(arguments: list[str] | None = None) -> int:
    """Compare, print a table, and end with 1 if any reader could tell two worlds apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--seed", default="proof")
    parser.add_argument("--reader", action="append", choices=READERS)
    parser.add_argument("--first", action="store_true", help="stop at the first difference")
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    seeds = (f"{options.seed}-{number}" for number in range(options.worlds))
    tallies = prove(seeds, options.reader or READERS, stop_at_first=options.first)
    sys.stdout.write(table(tallies, time.perf_counter() - began) + "\n")
    return 1 if any(tally.first for tally in tallies.values()) else 0


def table(tallies: dict[str, Tally], seconds: float) -> str:
    """Lay the figures out, with the first difference of each reader below."""
    lines = [f"{'reader':<10} {'worlds':>6} {'refused':>7} {'artifacts':>9} {'differing bytes':>15}"]
    lines += [
        f"{one.reader:<10} {one.worlds:>6} {one.refused:>7} {one.artifacts:>9} {one.differing_bytes:>15}"
        for one in tallies.values()
    ]
    lines.append(f"{seconds:.1f} s")
    codes = {code for one in tallies.values() for code in one.codes}
    lines += [f"refused for {code}: {sum(one.codes[code] for one in tallies.values())}" for code in sorted(codes)]
    lines += [str(one.first) for one in tallies.values() if one.first]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
