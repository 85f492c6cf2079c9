"""`python build.py …` is `heliograph …` for the site in this folder, installed or not (its dependencies must be)."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "src"))

from heliograph.cli.main import main  # noqa: E402 -- the path comes first

main(["--site", str(HERE), *sys.argv[1:]])
