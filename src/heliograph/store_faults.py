"""What can be wrong with a store, in one line each. What botocore says is not shown: it may quote what a store says."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

_ANSWERS: Final = {
    "NoSuchBucket": "there is no such bucket; check `bucket`",
    "AccessDenied": "access is denied; the credentials need to list, read and write there",
    "InvalidAccessKeyId": "the access key is unknown",
    "SignatureDoesNotMatch": "the secret key is wrong",
    "ExpiredToken": "the credentials have expired",
    "TokenRefreshRequired": "the credentials have expired",
    "RequestTimeTooSkewed": "this machine's clock is wrong",
    "PermanentRedirect": "the bucket is in another region",
    "AuthorizationHeaderMalformed": "the region is wrong",
    "IllegalLocationConstraintException": "the region is wrong",
    "BadDigest": "what arrived there is not what was sent",
    "InvalidDigest": "what arrived there is not what was sent",
    "XAmzContentSHA256Mismatch": "what arrived there is not what was sent",
    "NotImplemented": "the store does not offer that",
    "MethodNotAllowed": "the store does not offer that",
}
_KNOWN_LACKS: Final = frozenset({"NotImplemented", "MethodNotAllowed"})
_LACKS: Final = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
)
_FAULTS: Final = {
    "SSLError": "TLS failed: its certificate is not trusted (is `ca_file` named, and there?), or it speaks no TLS",
    "ConnectTimeoutError": "no connection came about in time",
    "ReadTimeoutError": "no reply came in time",
    "EndpointConnectionError": "nobody answers there; check endpoint and region",
    "ProxyConnectionError": "the proxy does not answer",
    "NoCredentialsError": "no credentials were found",
    "PartialCredentialsError": "the credentials are incomplete",
    "CredentialRetrievalError": "the credentials could not be had",
    "SSOError": "the login has expired",
    "ProfileNotFound": "the profile in AWS_PROFILE is unknown",
    "InvalidRegionError": "the region is not written as one",
    "ParamValidationError": "the bucket's name is not written as one",
    "ResponseParserError": "the reply is not that of a store",
    "HTTPClientError": "the connection was cut",
    "ValueError": "the endpoint is not written as an address",
    "OSError": "the file with its certificates cannot be read",
}


class StoreRefused(Exception):  # noqa: N818 -- it is an answer, not a fault
    """A store cannot be used: E617 where it cannot be reached or denies access, E631 where it ignores conditions.

    E636 is a bucket of another account than it should be. `message` names the bucket and holds no secret.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code} {self.message}"


class StoreSilent(StoreRefused):
    """No reply came, so nobody knows whether it was done."""


class StoreLacks(StoreRefused):
    """The store does not offer what was asked of it (501 or 405)."""


@contextlib.contextmanager
def refusing(store: str, answers: Mapping[str, str] = _ANSWERS) -> Iterator[None]:
    """Turn all that botocore raises about a store, named `store`, into StoreRefused. `answers` are words by code."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError  # noqa: PLC0415 -- botocore takes long to load

    try:
        yield
    except ClientError as error:
        status, code = answer(error)
        lacking = code in _KNOWN_LACKS or status in (HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)
        raise (StoreLacks if lacking else StoreRefused)("E617", f"{store}: {_said(error, answers)}") from None
    except (BotoCoreError, OSError, ValueError) as error:
        names = (one.__name__ for one in type(error).__mro__)
        why = next((_FAULTS[name] for name in names if name in _FAULTS), type(error).__name__)
        kind = StoreSilent if isinstance(error, HTTPClientError) else StoreRefused
        raise kind("E617", f"{store}: {why}") from None


def answer(error: Any) -> tuple[int, str]:
    """Give the HTTP status and the store's code of a ClientError; 0 or an empty text where it has none."""
    reply = error.response
    return int(reply.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)), str(reply.get("Error", {}).get("Code", ""))


def is_denial(error: Any) -> bool:
    """Tell whether these credentials, which the store knows, may not do what was asked."""
    status, code = answer(error)
    return status == HTTPStatus.FORBIDDEN and (code == "AccessDenied" or code not in _ANSWERS)


def is_lack(error: Any) -> bool:
    """Tell whether a store does not understand a question: each says so in its own way."""
    status, code = answer(error)
    return code in _KNOWN_LACKS or (status in _LACKS and code not in _ANSWERS)


def _said(error: Any, answers: Mapping[str, str]) -> str:
    status, code = answer(error)
    known = {**_ANSWERS, **answers}
    if status == HTTPStatus.FORBIDDEN and code not in known:
        return known["AccessDenied"]
    return known.get(code, f"it answers {status} {re.sub(r'[^A-Za-z0-9]', '', code)[:40]}")
