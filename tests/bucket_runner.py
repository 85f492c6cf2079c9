"""A sender for tests, as a process of its own: `python bucket_runner.py PREFIX LOG WAYS`, the place in its environment.

It delivers all that waits by appending each key to LOG, durably, and waits while another holds the lease. WAYS are words:
`careless` senders do not ask for the lease, `blind` ones write without conditions, `slow` ones take their time.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from heliograph.buckets import Bucket
from heliograph.operations import BucketPlace, Secret
from heliograph.send.bucket import BucketLedger
from heliograph.send.lease import Lease
from heliograph.send.ledger import WAITING
from heliograph.tree.fsio import Locked

TTL = timedelta(seconds=2)


def courier(log):
    """Give what accepts a key: it is on the disk when this returns."""
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def accept(key):
        os.write(file, f"{key}\n".encode())
        os.fsync(file)

    return accept


def deliver(ledger, accept, pause=0.0):
    """Deliver all that waits; stop when one of them is another's."""
    for delivery in ledger.deliveries(states=WAITING):
        if not ledger.commit(delivery.key, datetime.now(UTC)):
            continue
        time.sleep(pause)
        accept(delivery.key)
        ledger.settle(delivery.key, "SENT", "250 ok", datetime.now(UTC))


def careless():
    """Let everybody send at any time."""
    Lease.take = lambda self, epoch: None
    Lease.give_back = lambda self: None
    Lease.lost = property(lambda self: False)


def blind():
    """Let everybody write whatever another wrote."""
    Bucket.put_if_absent = Bucket.put_if_match = lambda self, key, data, etag="": self._put(key, data)


def main(prefix, log, ways):
    for name, change in (("careless", careless), ("blind", blind)):
        if name in ways:
            change()
    place = BucketPlace(
        bucket=os.environ["PLACE_BUCKET"],
        prefix=prefix,
        endpoint=os.environ["PLACE_ENDPOINT"],
        access_key=os.environ["PLACE_ACCESS"],
        secret_key=Secret(os.environ["PLACE_SECRET"]),
        ca_file=Path(os.environ["PLACE_CA"]) if os.environ.get("PLACE_CA") else None,
    )
    while True:
        try:
            with BucketLedger(place, "acme", ttl=TTL) as ledger:
                deliver(ledger, courier(log), 0.02 if "slow" in ways else 0.0)
                return
        except Locked:
            time.sleep(0.2)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
