"""The ledger in a file does what every ledger must; the one in a bucket is asked the same in test_bucket_ledger."""

import pytest

from heliograph.send.sqlite import SqliteLedger
from ledger_contract import CONTRACT


@pytest.mark.parametrize("demand", CONTRACT, ids=lambda demand: demand.__name__)
def test_it_keeps_the_ledgers_contract(tmp_path, demand):
    opened = []

    def new(create=False):
        return _Late(tmp_path / "ledger", create, opened)

    try:
        demand(new)
    finally:
        for one in opened:
            one.close()


class _Late:
    """The ledger, opened when it is first used: that is when the contract expects what opening raises."""

    def __init__(self, path, create, opened):
        self._path, self._create, self._opened = path, create, opened
        self._ledger = None

    def __getattr__(self, name):
        if self._ledger is None:
            self._ledger = SqliteLedger(self._path, "acme", create=self._create)
            self._opened.append(self._ledger)
        return getattr(self._ledger, name)

    def __enter__(self):
        return self.__getattr__("__enter__")()

    def __exit__(self, *error):
        return self._ledger.__exit__(*error)
