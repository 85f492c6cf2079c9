"""A mock of Amazon's services (moto) for what no real server here speaks: CloudFront, and S3's blocks of public access."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sysconfig
import time
import urllib.request
from contextlib import contextmanager

from heliograph.operations import BucketPlace, Secret
from s3_store import free_ports


@contextmanager
def mocked():
    """Start it; gives its address."""
    port = free_ports(1)[0]
    command = shutil.which("moto_server", path=sysconfig.get_path("scripts")) or "moto_server"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([command, "-H", "127.0.0.1", "-p", str(port)], **quiet)
    try:
        _await(server, f"http://127.0.0.1:{port}/moto-api/")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGKILL)
        server.wait()


def _await(server, url):
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
        if server.poll() is not None:
            break
    raise RuntimeError("moto_server did not start")


def place(address, bucket, **other):
    """A place there; `other` takes precedence."""
    what = {"bucket": bucket, "endpoint": address, "access_key": "a", "secret_key": Secret("s")}
    return BucketPlace(**{**what, **other})
