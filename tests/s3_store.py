"""A real S3 server (SeaweedFS) for tests, over http and https: one for all tests of a session, a prefix for each."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
import urllib.request
import uuid
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from heliograph.operations import BucketPlace, Secret
from heliograph.stores import client

ACCESS, SECRET = "tester", "not-for-logs-5eC"
BUCKET = "heliograph-tests"
TWIN = 10000
"""The server puts a second port this much above each that it is given."""


def free_ports(count):
    """Ports on loopback that are free, and whose twins are."""
    found = []
    while len(found) < count:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        port = port - 2 * TWIN if port + TWIN > 65535 else port
        if port > 1024 and port not in found and all(_free(one) for one in (port, port + TWIN)):
            found.append(port)
    return found


def _free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


class S3Server:
    """Where it answers: `http` and `https` addresses, and the file of the authority that vouches for the latter."""

    def __init__(self, http, https, ca_file):
        self.addresses = {"http": f"http://127.0.0.1:{http}", "https": f"https://127.0.0.1:{https}"}
        self.ca_file = ca_file

    def place(self, scheme="http", prefix="", **other):
        """A place in its bucket; `other` takes precedence."""
        what = {
            "bucket": BUCKET,
            "endpoint": self.addresses[scheme],
            "ca_file": self.ca_file if scheme == "https" else None,
        }
        credentials = {"access_key": ACCESS, "secret_key": Secret(SECRET)}
        return BucketPlace(prefix=prefix, **{**what, **credentials, **other})


@contextmanager
def running(folder: Path):
    """Start the server with its data in a folder; it ends with the block."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    (folder / "data").mkdir()
    http, https, master, volume, filer, admin = free_ports(6)
    command = [_weed(), "mini", f"-dir={folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
    command += [f"-s3.port={http}", f"-s3.port.https={https}", f"-s3.cert.file={folder / 'cert.pem'}"]
    command += [f"-s3.key.file={folder / 'key.pem'}", f"-master.port={master}", f"-volume.port={volume}"]
    command += [f"-filer.port={filer}", f"-admin.port={admin}", "-admin.ui=false", "-webdav=false"]
    # On fixed ports, where a second server of another test process would end with a fault.
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"]
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log, start_new_session=True)
        try:
            _await(server, f"http://127.0.0.1:{http}/healthz", folder / "log")
            yield S3Server(http, https, folder / "ca.pem")
        finally:
            _end(server)


def _weed():
    """Find the server, which comes with the packages for development, whether or not they are on the path."""
    path = os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", "")))
    return shutil.which("weed", path=path) or "weed"


def _await(server, url, log):
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
        if server.poll() is not None:
            break
    raise RuntimeError(f"the S3 server did not start: {log.read_text(errors='replace')[-2000:]}")


def _end(server):
    """What it holds is of no use to anyone, so it need not put it in order first."""
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory):
    """The server, with a bucket in it."""
    with running(tmp_path_factory.mktemp("s3")) as server:
        first = client(server.place())
        first.create_bucket(Bucket=BUCKET)
        first.close()
        yield server


@pytest.fixture(params=["http", "https"])
def place(s3_server, request):
    """A prefix of its own for each test, over http and again over https: botocore sends other bytes there."""
    return s3_server.place(request.param, f"t-{uuid.uuid4().hex}")


@pytest.fixture
def http_place(s3_server):
    """The same for tests in which the way does not matter."""
    return s3_server.place("http", f"t-{uuid.uuid4().hex}")
