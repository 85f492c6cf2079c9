"""A real Ceph gateway (radosgw) on loopback, over one monitor and one store in memory: the only S3 server to be had here
that enforces blocks of public access and serves buckets as websites. Debian: radosgw, ceph-mon, ceph-osd."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import urllib.request
import uuid
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from heliograph.operations import BucketPlace, Secret
from s3_store import free_ports

NEEDED: Final = ("radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "ceph", "monmaptool")
ACCESS, SECRET = "tester", "not-for-logs-5eC"

_CONFIGURATION: Final = """\
[global]
fsid = {fsid}
mon host = v1:127.0.0.1:{monitor}/0
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail crit = 1
mon data avail warn = 2
mon max pg per osd = 1000
run dir = {home}
admin socket = {home}/$name.asok
log file = {home}/$name.log
[mon.a]
mon data = {home}/mon
ms bind msgr2 = false
[osd.0]
osd data = {home}/osd
osd objectstore = memstore
memstore device bytes = 1073741824
[client.rgw.a]
rgw data = {home}/rgw
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw thread pool size = 16
rgw enable static website = true
rgw enable apis = s3, s3website, admin
rgw dns name = localhost
rgw dns s3website name = website.localhost
"""


class Gateway:
    """Where it answers, and where it serves a bucket as a website."""

    def __init__(self, port: int) -> None:
        self.port = port

    def place(self, bucket: str) -> BucketPlace:
        """A bucket there."""
        address = f"http://127.0.0.1:{self.port}"
        return BucketPlace(bucket=bucket, endpoint=address, access_key=ACCESS, secret_key=Secret(SECRET))

    def website(self, bucket: str) -> str:
        """The address of a bucket's website."""
        return f"http://{bucket}.website.localhost:{self.port}"


def missing() -> list[str]:
    """Name the programs that are not installed."""
    return [program for program in NEEDED if shutil.which(program) is None]


@contextmanager
def running(home: Path):
    """Start monitor, store and gateway with all they write in a folder; they end with the block."""
    monitor, port = free_ports(2)
    fsid, conf = str(uuid.uuid4()), home / "ceph.conf"
    for name in ("mon", "osd", "rgw"):
        (home / name).mkdir()
    conf.write_text(_CONFIGURATION.format(fsid=fsid, monitor=monitor, port=port, home=home))
    with ExitStack() as started:
        address, members = f"[v1:127.0.0.1:{monitor}]", home / "monmap"
        _do(home, "monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, members)
        _do(home, "ceph-mon", "-c", conf, "-i", "a", "--mkfs", "--monmap", members)
        _start(started, home, "ceph-mon", "-c", conf, "-i", "a", "-f")
        _do(home, "ceph", "-c", conf, "--connect-timeout", "60", "status")
        # A store in memory makes up its own id: that is the one to make known.
        _do(home, "ceph-osd", "-c", conf, "-i", "0", "--mkfs")
        store = (home / "osd" / "fsid").read_text().strip()
        _do(home, "ceph", "-c", conf, "--connect-timeout", "60", "osd", "new", store)
        _await_store(_start(started, home, "ceph-osd", "-c", conf, "-i", "0", "-f"), conf)
        user = ("--uid=ci", "--display-name=ci", f"--access-key={ACCESS}", f"--secret={SECRET}")
        _do(home, "radosgw-admin", "-c", conf, "user", "create", *user)
        _start(started, home, "radosgw", "-c", conf, "-n", "client.rgw.a", "-f")
        _await(f"http://127.0.0.1:{port}/")
        yield Gateway(port)


def _await_store(store, conf):
    """Wait until the store is up: what is asked of it before then may never be answered."""
    for _ in range(100):
        if store.poll() is not None:
            break
        said = subprocess.run(["ceph", "-c", str(conf), "osd", "stat"], capture_output=True, text=True, timeout=60)
        if "1 up" in said.stdout:
            return
        time.sleep(0.3)
    raise RuntimeError("the store did not come up")


def _do(home, *command):
    with (home / "set-up.log").open("ab") as log:
        subprocess.run([str(part) for part in command], check=True, timeout=120, stdout=log, stderr=log)


def _start(started, home, *command):
    with (home / f"{command[0]}.out").open("wb") as log:
        server = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, start_new_session=True)
    started.callback(server.wait)
    started.callback(_kill, server)
    return server


def _kill(server):
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)


def _await(url):
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the gateway did not start")


@pytest.fixture(scope="session")
def rgw(tmp_path_factory):
    """The gateway; where it is not installed, its tests are left out, but not in CI: `make ceph` gets it."""
    lacking = missing()
    if lacking:
        say = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        say(f"needs {', '.join(lacking)}: make ceph")
    with ExitStack() as started:
        yield _started(started, tmp_path_factory)


def _started(started, tmp_path_factory):
    """Start it, if need be more than once: now and then a store in memory does not know its own id ("wrong fsid")."""
    for turn in range(6):
        try:
            return started.enter_context(running(tmp_path_factory.mktemp("rgw")))
        except (RuntimeError, subprocess.TimeoutExpired):
            if turn == 5:
                raise
    raise AssertionError
