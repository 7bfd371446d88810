"""Keys that are missing, broken or somebody else's: 401 before a byte of the body is looked at, and no echo."""

from __future__ import annotations

from antiphon.testing.raw_client import request_bytes

from .case import CHAT, KEY, Case, good

JSON_PLEASE = {"accept": "application/json"}
REFUSED: dict[str, dict[str, str]] = {
    "no header": {},
    "empty header": {"authorization": ""},
    "scheme alone": {"authorization": "Bearer"},
    "scheme and a space": {"authorization": "Bearer "},
    "key without a scheme": {"authorization": KEY},
    "basic": {"authorization": "Basic c2stYmFkOng="},
    "digest": {"authorization": 'Digest username="x"'},
    "token scheme": {"authorization": f"Token {KEY}"},
    "colon": {"authorization": f"Bearer: {KEY}"},
    "tab": {"authorization": f"Bearer\t{KEY}"},
    "two keys": {"authorization": f"Bearer {KEY} {KEY}"},
    "key with a comma": {"authorization": f"Bearer {KEY},other"},
    "quoted": {"authorization": f'Bearer "{KEY}"'},
    "cut": {"authorization": f"Bearer {KEY[:-1]}"},
    "one more": {"authorization": f"Bearer {KEY}0"},
    "in capitals": {"authorization": f"Bearer {KEY.upper()}"},
    "unknown": {"authorization": "Bearer sk-unknown-4b227777d4dd1fc61c6f884f48641d02"},
    "unknown dkn": {"authorization": "Bearer dkn_live_0000000000000000000000000000000000000000000000000"},
    "digest of the key": {"authorization": "Bearer 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"},
    "sql": {"authorization": "Bearer ' OR '1'='1"},
    "sql union": {"authorization": "Bearer x' UNION SELECT key FROM keys--"},
    "percent": {"authorization": "Bearer %"},
    "path": {"authorization": "Bearer ../../keys"},
    "template": {"authorization": "Bearer {{config}}"},
    "latin-1": {"authorization": "Bearer caf\xe9"},
    "null word": {"authorization": "Bearer null"},
    "undefined word": {"authorization": "Bearer undefined"},
    "513 characters": {"authorization": "Bearer " + "k" * 513},
    "10 KB": {"authorization": "Bearer " + "k" * 10_240},
    "cookie": {"cookie": f"authorization=Bearer {KEY}; api_key={KEY}"},
    "x-api-key that is unknown": {"x-api-key": f"{KEY}0"},
    "x-api-key beside a key that is unknown": {"x-api-key": KEY, "authorization": f"Bearer {KEY}0"},
    "api-key": {"api-key": KEY},
    "proxy-authorization": {"proxy-authorization": f"Bearer {KEY}"},
    "x-forwarded-authorization": {"x-forwarded-authorization": f"Bearer {KEY}"},
}
TAKEN = {
    "lower-case scheme": f"bearer {KEY}",
    "upper-case scheme": f"BEARER {KEY}",
    "spaces around": f"Bearer   {KEY}  ",
}


def cases() -> list[Case]:
    """Each on a good body; then that nothing else is looked at before the key."""
    return [
        *(_asked(f"key: {name}", given, 401) for name, given in REFUSED.items()),
        *(_asked(f"key: {name}", {"authorization": given}, 200) for name, given in TAKEN.items()),
        _asked("key: x-api-key, as Anthropic's clients send it", {"x-api-key": KEY}, 200),
        _query(),
        _first("broken body", b"{"),
        _first("huge body declared", b"", {"content-length": "99999999999"}),
        _first("compressed body", b"x", {"content-encoding": "gzip"}),
        Case("models without a key", lambda: request_bytes("/v1/models", method="GET", headers=JSON_PLEASE), (401,)),
        Case("unknown address without a key", lambda: request_bytes("/nowhere", method="GET"), (404,)),
        Case("wrong method without a key", lambda: request_bytes(CHAT, method="GET", headers=JSON_PLEASE), (405,)),
    ]


def _asked(name: str, given: dict[str, str], status: int) -> Case:
    """A good request with these headers."""
    return Case(name, lambda: request_bytes(CHAT, good(), headers={**JSON_PLEASE, **given}), (status,))


def _query() -> Case:
    """A key in the address is no key."""
    return Case(
        "key: in the query", lambda: request_bytes(f"{CHAT}?api_key={KEY}", good(), headers=JSON_PLEASE), (401,)
    )


def _first(name: str, body: bytes, extra: dict[str, str] | None = None) -> Case:
    """A request that is wrong in another way too: the missing key comes first."""
    headers = {**JSON_PLEASE, **(extra or {})}
    return Case(f"no key and a {name}", lambda: request_bytes(CHAT, body, headers=headers), (401,))
