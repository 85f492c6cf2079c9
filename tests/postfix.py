"""Debian's Postfix on loopback, as a real mail server: STARTTLS, log-in, and a Maildir to read. Needs root."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

PASSWORD: Final = "not-a-secret"
REALM: Final = "lab.test"
DOMAIN: Final = "example.net"
"""The one domain that mail is taken for."""

_NOBODY: Final = 65534

_MAIN: Final = """\
compatibility_level = 3.6
myhostname = {realm}
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/log
maillog_file_prefixes = {home}
default_transport = error:nothing leaves this machine
alias_maps =
alias_database =
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {home}/mail
virtual_mailbox_maps = static:inbox/
virtual_mailbox_limit = 0
virtual_uid_maps = static:{nobody}
virtual_gid_maps = static:{nobody}
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_sasl_auth_enable = yes
smtpd_sasl_local_domain = {realm}
cyrus_sasl_config_path = {home}/sasl
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access inline:{{ {{nobody@{domain} = 550 5.1.1 no such user}}, {{busy@{domain} = 450 4.2.1 busy}} }}
"""

_SERVICES: Final = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
virtual unix - n n - - virtual
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix(NamedTuple):
    """A running server: where it listens, and where its mail lies."""

    port: int
    user: str
    inbox: Path
    log: Path

    def delivered(self, count: int) -> list[bytes]:
        """Wait until so many mails lie in the inbox, and give them."""
        for _ in range(300):
            found = sorted((self.inbox / "new").glob("*"))
            if len(found) >= count:
                return [path.read_bytes() for path in found]
            time.sleep(0.1)
        raise AssertionError(f"{count} mails did not arrive:\n{self.log.read_text()}")


def missing() -> str:
    """Name what it takes and is not installed."""
    return ", ".join(name for name in ("postfix", "saslpasswd2") if shutil.which(name) is None)


@contextmanager
def running(certificate: Path, key: Path) -> Iterator[Postfix]:
    """Run one with a home of its own. But for the log-in, which Debian keeps in one place, nothing else is touched."""
    with tempfile.TemporaryDirectory(prefix="postfix-") as name:
        home = Path(name)
        port = _prepare(home, certificate, key)
        user = f"heliograph-{port}"
        _allow(user)
        try:
            _postfix(home, "start")
            _wait_for(port, home / "log")
            yield Postfix(port, f"{user}@{REALM}", home / "mail/inbox", home / "log")
        finally:
            _postfix(home, "stop")
            subprocess.run(["saslpasswd2", "-d", "-u", REALM, user], check=True)


def _prepare(home: Path, certificate: Path, key: Path) -> int:
    home.chmod(0o755)
    for folder in ("etc", "queue", "data", "mail", "sasl"):
        (home / folder).mkdir()
    for file in (certificate, key):
        shutil.copy(file, home / "etc" / file.name)
    shutil.chown(home / "data", "postfix")
    os.chown(home / "mail", _NOBODY, _NOBODY)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    placed = {"certificate": home / "etc" / certificate.name, "key": home / "etc" / key.name}
    (home / "etc/main.cf").write_text(_MAIN.format(home=home, realm=REALM, domain=DOMAIN, nobody=_NOBODY, **placed))
    (home / "etc/master.cf").write_text(_SERVICES.format(port=port))
    (home / "sasl/smtpd.conf").write_text("pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\n")
    return port


def _allow(user: str) -> None:
    """Let one user in, by the one database that Debian's plugin reads."""
    subprocess.run(["saslpasswd2", "-p", "-c", "-u", REALM, user], input=PASSWORD.encode(), check=True)
    shutil.chown("/etc/sasldb2", "root", "postfix")
    Path("/etc/sasldb2").chmod(0o640)


def _postfix(home: Path, command: str) -> None:
    subprocess.run(["postfix", "-c", home / "etc", command], check=True, capture_output=True)


def _wait_for(port: int, log: Path) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())
