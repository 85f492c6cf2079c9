"""Real data that nobody here wrote is read where it lies beside the repository; without it, its tests are left out."""

import os
from pathlib import Path

import pytest

from hostile.browser import chromium as started

pytest_plugins = ["s3_store"]

SHARED = Path(os.environ.get("HELIOGRAPH_SHARED", Path(__file__).parents[2] / "shared"))


def pytest_report_header():
    """Say whether the real data is there."""
    return f"real data: {'found' if SHARED.is_dir() else 'not here, the tests that read it are left out'}"


def pytest_collection_modifyitems(config, items):
    """Leave out, and count as left out, what is parametrized over real data that is not there."""
    absent = [] if SHARED.is_dir() else [item for item in items if _over_nothing(item)]
    if absent:
        config.hook.pytest_deselected(items=absent)
        items[:] = [item for item in items if item not in absent]


def _over_nothing(item) -> bool:
    return any("empty parameter set" in str(mark.kwargs.get("reason", "")) for mark in item.iter_markers("skip"))


@pytest.fixture(scope="module")
def chromium():
    """Debian's Chromium, running."""
    with started() as browser:
        yield browser
