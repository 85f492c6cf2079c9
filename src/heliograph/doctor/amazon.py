"""Who we are to Amazon: the account that the credentials belong to, and whether it is the one that was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Final

from heliograph.doctor.finding import Finding
from heliograph.operations import BucketPlace
from heliograph.store_faults import refusing
from heliograph.stores import session

_PLAIN: Final = re.compile(r"[^A-Za-z0-9:/@=+,._-]", re.ASCII)
_ROOT: Final = ":root"


def check_identity(subject: str, place: BucketPlace) -> Iterator[Finding]:
    """Ask Amazon whose the credentials of a place are. A place without `account` is anybody's to take over."""
    from botocore.config import Config  # noqa: PLC0415 -- boto3 takes long to import

    config = Config(connect_timeout=5, read_timeout=5, retries={"total_max_attempts": 1})
    with refusing("sts"):
        opened = session(place)
        with closing(opened.client("sts", region_name=opened.region_name or "us-east-1", config=config)) as sts:
            said = sts.get_caller_identity()
    who, account = _PLAIN.sub("", str(said.get("Arn", ""))), str(said.get("Account", ""))
    if who.endswith(_ROOT):
        yield Finding("warn", subject, f"acts as {who}, who may do anything", "make a role that may do only this")
    if not place.account:
        todo = f'account = "{account}"' if account.isdigit() else ""
        yield Finding("warn", subject, "`account` is not given, so a bucket of this name may be anybody's", todo)
    elif place.account != account:
        yield Finding("note", subject, f"acts as {who}, on a bucket of the account {place.account}")
    else:
        yield Finding("ok", subject, f"acts as {who}")
