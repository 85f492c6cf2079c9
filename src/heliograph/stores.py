"""Ways to stores that speak S3: sessions and clients, set for what each kind of store can take."""

from __future__ import annotations

import os
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from heliograph.operations import BucketPlace

ATTEMPTS: Final = 5
"""Requests made for one answer, the first included."""
_CONNECT: Final = 5.0
_READ: Final = 20.0


def session(place: BucketPlace | None) -> Any:
    """Make a boto3 session with a place's credentials, or the environment's. What botocore raises passes through."""
    import boto3  # noqa: PLC0415 -- takes a third of a second, which only those who use a store should wait
    import botocore.session  # noqa: PLC0415

    core = botocore.session.Session()
    core.register_component("data_loader", _loader())
    return boto3.session.Session(
        botocore_session=core,
        aws_access_key_id=(place and place.access_key) or None,
        aws_secret_access_key=(place and place.secret_key.revealed) or None,
        region_name=(place and place.region) or None,
    )


def client(place: BucketPlace, *, attempts: int = ATTEMPTS, read_timeout: float = _READ) -> Any:
    """Make a boto3 client for where `place` is. Asks nobody yet; what botocore raises passes through."""
    from botocore.config import Config  # noqa: PLC0415 -- as in `session`

    opened = session(place)
    foreign = is_foreign(place)
    checksums = "when_required" if foreign else "when_supported"
    config = Config(
        signature_version="s3v4",
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=_CONNECT,
        read_timeout=read_timeout,
        max_pool_connections=16,
        s3={"addressing_style": "path" if foreign else "auto"},
        request_checksum_calculation=checksums,
        response_checksum_validation=checksums,
    )
    return opened.client(
        "s3",
        endpoint_url=place.endpoint or None,
        region_name=opened.region_name or "us-east-1",
        verify=str(place.ca_file) if place.ca_file else None,
        config=config,
    )


@cache
def _loader() -> Any:
    """Keep botocore's descriptions of services, which take it a tenth of a second to read for each client."""
    import botocore.session  # noqa: PLC0415 -- as in `session`

    return botocore.session.Session().get_component("data_loader")


def is_foreign(place: BucketPlace) -> bool:
    """Tell whether it is not Amazon's own: many such stores fail on the checksums that botocore sends unasked."""
    endpoint = place.endpoint or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    host = urlsplit(endpoint).hostname or ""
    return bool(endpoint) and not host.endswith((".amazonaws.com", ".amazonaws.com.cn"))
