"""Ethereum's JSON-RPC to a chain on this machine, one call at a time."""

from __future__ import annotations

import http.client
import itertools
import json
from typing import Any
from urllib.parse import urlsplit

from antiphon.errors import AntiphonError, Unavailable

TIMEOUT_S = 30.0


class Rpc:
    """Calls methods at one loopback address; every call has its own connection."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._ids = itertools.count(1)

    def call(self, method: str, *params: object) -> Any:  # Any: each method's own result
        """The method's result; Unavailable when nobody answers, AntiphonError when the chain refuses."""
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=TIMEOUT_S)
        body = json.dumps({"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params})
        try:
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            told = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unavailable(f"The local chain at {self.url} does not answer: {error}.") from error
        finally:
            connection.close()
        if "error" in told:
            raise AntiphonError(f"The local chain refused {method}: {told['error'].get('message')}")
        return told["result"]

    def number(self, method: str, *params: object) -> int:
        """The result of a method that gives a quantity."""
        return int(self.call(method, *params), 16)
