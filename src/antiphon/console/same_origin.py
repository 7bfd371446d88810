"""What tells a request of the console from one that another site has a browser send. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from antiphon.errors import PermissionDenied

MARK = b"x-antiphon-console"  # no form can send it, and a script elsewhere would have to ask first, in vain
SAFE = ("GET", "HEAD", "OPTIONS")


def require_same_origin(method: str, headers: Mapping[bytes, bytes], hosts: frozenset[str]) -> None:
    """PermissionDenied unless the console itself sent the request; `hosts` are those of the gateway's addresses.

    Browsers say where a request comes from: by `Sec-Fetch-Site` over TLS and on one's own machine, and by `Origin`
    wherever something may be changed.
    """
    if MARK not in headers:
        raise _refused(f"a session takes the header `{MARK.decode()}`")
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        if site != b"same-origin":
            raise _refused("it comes from another site")
        return
    origin = headers.get(b"origin")
    if origin is None:
        if method not in SAFE:
            raise _refused("it does not say where it comes from")
    elif not (named := _host(origin)) or named not in hosts | {headers.get(b"host", b"").decode("latin-1").lower()}:
        raise _refused("it comes from another site")


def _host(origin: bytes) -> str:
    try:
        return urlsplit(origin.decode("latin-1")).netloc.lower()
    except ValueError:
        return ""


def _refused(reason: str) -> PermissionDenied:
    return PermissionDenied(f"Not a request of the console: {reason}.", code="cross_site_request")
