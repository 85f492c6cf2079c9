"""A publisher for tests, as a process of its own that may be killed or put to sleep.

Processes come from a server that has loaded all they need, so that hundreds of them take no longer than they must. Where
a store does not answer they wait a second rather than twenty, and ask again at once.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from multiprocessing import forkserver, spawn
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from heliograph import stores
from heliograph.buckets import Bucket
from heliograph.operations import BucketPlace, Host
from heliograph.publish import to_bucket
from heliograph.publish.built import open_built
from heliograph.publish.prepare import prepare
from heliograph.publish.publication import Terms
from heliograph.publish.register import Busy, Overtaken, Register, Turn
from heliograph.publish.release import Edition
from heliograph.store_faults import StoreRefused
from heliograph.tree.fsio import WriteRefused

READ_TIMEOUT = 0.8
_LOADED = stores.client(BucketPlace(bucket="nowhere", endpoint="http://127.0.0.1:1", access_key="a"))


class Job(NamedTuple):
    """What a publisher does: which tree goes where, as of when, remembered where.

    It begins `delay` seconds after it could; its lease lasts `ttl` seconds. `ways` are words: `lawless` publishers ask
    nobody whose turn it is, `slow` ones take up to 0.1 s for each file, `patient` ones come when every lease has run out,
    `careless` ones do not ask again once it was their turn.
    """

    folder: Path
    place: BucketPlace
    shelf: BucketPlace
    urls: tuple[str, ...]
    as_of: datetime
    ttl: float = 600.0
    delay: float = 0.0
    ways: tuple[str, ...] = ()


class Said(NamedTuple):
    """How it ended: `how` is `done`, `live` or the name of what was raised, `what` the release's id or the message.

    `puts` are the files it put, in order; `unconfirmed` what strangers did not get.
    """

    how: str
    what: str = ""
    puts: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        """Tell whether the tree is there."""
        return self.how in ("done", "live")


KILLED = Said("killed")


def publish(job: Job) -> Said:
    """Publish, in this process."""
    puts: list[str] = []
    built = open_built(job.folder)
    ours = Register(Bucket(job.shelf), built.manifest.site, "public", timedelta(seconds=job.ttl))
    host = Host(id="public", tree=built.manifest.tree, place=job.place, urls=job.urls)
    try:
        publication = prepare(host, built, Edition(as_of=job.as_of, revision="", version="1"), ours, Terms(adopt=True))
        outcome = publication.carry_out(lambda: datetime.now(UTC), lambda step: puts.append(step.path))
    except (Busy, Overtaken, WriteRefused, StoreRefused) as error:
        return Said(type(error).__name__, str(error), tuple(puts))
    return Said(
        "done" if outcome.changed else "live",
        outcome.release.id,
        tuple(puts),
        publication.confirm(lambda: datetime.now(UTC), timedelta(seconds=120)),
    )


def _quicken() -> None:
    """Wait less for what does not come, and not at all before asking again."""
    from botocore.retries import standard

    defaults = stores.client.__kwdefaults__
    assert "read_timeout" in defaults
    defaults["read_timeout"] = READ_TIMEOUT
    scales = standard.ExponentialBackoff._DEFAULT_BACKOFF_CONFIG
    assert scales.keys() == {"throttling_base_scale", "non_throttling_base_scale"}
    scales.update(dict.fromkeys(scales, 0.005))
    to_bucket.WAIT = timedelta(seconds=5)


def _lawless() -> None:
    """Let everybody publish at any time, whatever others do: there is no lease, and the last to commit has it."""
    Register._refuse_busy = lambda self, head, found: None  # type: ignore[method-assign]
    Turn.hold = lambda self: None  # type: ignore[method-assign]
    Bucket.put_if_absent = lambda self, key, data: self._put(key, data)  # type: ignore[method-assign]
    Bucket.put_if_match = lambda self, key, data, etag: self._put(key, data)  # type: ignore[method-assign]
    Bucket.check_conditions = lambda self, key: None  # type: ignore[method-assign]
    begin = Register.begin
    Register.begin = lambda self, seen, manifest, edition: begin(  # type: ignore[method-assign]
        self, self.look(), manifest, edition
    )


def _patient() -> None:
    """Take every lease for one that has run out, as though its time had been waited for."""
    Register._refuse_busy = lambda self, head, found: None  # type: ignore[method-assign]


def _careless() -> None:
    """Write on, whatever others did meanwhile: what is on its way while its sender sleeps does so too."""
    Turn.hold = lambda self: setattr(self, "_wrote", True)  # type: ignore[method-assign]


def _slow() -> None:
    """Take longer for each file, for one more than for another, so that publishers overtake each other."""
    put = to_bucket.Objects.put

    def slowly(self: to_bucket.Objects, entry: Any, data: bytes) -> None:
        time.sleep(random.uniform(0, 0.1))
        put(self, entry, data)

    to_bucket.Objects.put = slowly  # type: ignore[method-assign]


_WAYS = {"careless": _careless, "lawless": _lawless, "patient": _patient, "slow": _slow}


def _run(job: Job, told: Connection) -> None:
    _quicken()
    for way in job.ways:
        _WAYS[way]()
    time.sleep(job.delay)
    told.send(publish(job))
    told.close()
    os._exit(0)


@cache
def _context() -> ForkServerContext:
    """Start the server that makes processes, with this module where it looks for modules."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(Path(__file__).parent), before)))
    try:
        forkserver.ensure_running()
    finally:
        del os.environ["PYTHONPATH"]
        os.environ.update({} if before is None else {"PYTHONPATH": before})
    return context


class Publisher:
    """One that runs; `process` may be killed."""

    def __init__(self, job: Job) -> None:
        context = _context()
        self._told, tells = context.Pipe(duplex=False)
        self.process: BaseProcess = context.Process(target=_run, args=(job, tells), daemon=True)
        # It need not import what this process was started with, which takes longer than all the rest.
        with mock.patch.object(spawn, "get_preparation_data", lambda name: {"name": name, "sys_path": sys.path}):
            self.process.start()
        tells.close()

    def ended(self, seconds: float = 120.0) -> Said:
        """Wait for its end."""
        if not wait([self._told, self.process.sentinel], seconds):
            self.process.kill()
            raise AssertionError("a publisher does not end")
        try:
            said: Said = self._told.recv()
        except EOFError:
            said = KILLED
        self.process.join()
        self._told.close()
        return said


def all_ended(jobs: Sequence[Job]) -> list[Said]:
    """Run publishers at the same time."""
    running = [Publisher(job) for job in jobs]
    return [one.ended() for one in running]
