"""HTTP itself: sizes, headers, framing, addresses. Broken framing may be closed without an answer."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

from antiphon.testing.raw_client import request_bytes

from .case import AUTHORISED, CHAT, KEY, Case, chat, good, large, raw

MEGABYTE = 1024 * 1024
BODY = json.dumps(good()).encode()
AUTHORISATION = f"authorization: Bearer {KEY}\r\naccept: application/json\r\n".encode()


def post(*lines: bytes, body: bytes = BODY, path: bytes = CHAT.encode(), host: bytes = b"host: x\r\n") -> bytes:
    """A chat request with these header lines and this body, nothing added."""
    head = b"POST " + path + b" HTTP/1.1\r\n" + host + AUTHORISATION
    return head + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def sized(*lines: bytes, body: bytes = BODY) -> bytes:
    """The same with a true content-length."""
    return post(b"content-length: %d" % len(body), *lines, body=body)


def chunked(*chunks: bytes, lines: tuple[bytes, ...] = ()) -> bytes:
    """The same in these chunks, as they are."""
    return post(b"transfer-encoding: chunked", *lines, body=b"".join(chunks))


def chunk(data: bytes) -> bytes:
    """A well-formed chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def sizes() -> list[Case]:
    """Too much of it, declared or not, compressed or not."""
    bomb = gzip.compress(bytes(10 * MEGABYTE))
    return [
        raw("10 GB declared", post(b"content-length: 10000000000", body=b""), 413, may_close=False),
        raw("2^63 declared", post(b"content-length: 9223372036854775808", body=b""), 400, 413),
        raw("length of 40 digits", post(b"content-length: " + b"9" * 40, body=b""), 400, 413),
        large("33 MiB sent", lambda: b" " * (33 * MEGABYTE), 413),
        Case("33 MiB in chunks", lambda: chunked(*[chunk(b" " * MEGABYTE)] * 33, b"0\r\n\r\n"), (413,)),
        Case("endless chunks of one byte", lambda: chunked(*[chunk(b" ")] * 200_000, b"0\r\n\r\n"), (400, 413)),
        chat("gzip bomb", bomb, 415, headers={"content-encoding": "gzip"}),
        chat("deflate", bomb, 415, headers={"content-encoding": "deflate"}),
        chat("brotli", bomb, 415, headers={"content-encoding": "br"}),
        chat("zstd", bomb, 415, headers={"content-encoding": "zstd"}),
        chat("gzip twice", bomb, 415, headers={"content-encoding": "gzip, gzip"}),
        chat("good body as gzip", gzip.compress(BODY), 415, headers={"content-encoding": "GZIP"}),
        chat("unknown coding", BODY, 415, headers={"content-encoding": "rot13"}),
        chat("identity", BODY, 200, headers={"content-encoding": "identity"}),
        Case("gzip in chunks", lambda: chunked(chunk(bomb), b"0\r\n\r\n", lines=(b"content-encoding: gzip",)), (415,)),
    ]


def headers() -> list[Case]:
    """Headers too large, too many, or with bytes that do not belong there."""
    flood = b"".join(b"x-h%d: %b\r\n" % (n, b"v" * 100) for n in range(1000))
    return [
        raw("one header of 64 KB", sized(b"x-long: " + b"a" * 65_536), 431, may_close=False),
        raw("1,000 headers", sized(flood[:-2]), 431, may_close=False),
        raw("one header of 3 MB", sized(b"x-long: " + b"a" * 3 * MEGABYTE), 431),
        raw("cookie of 40 KB", sized(b"cookie: a=" + b"a" * 40_960), 431, may_close=False),
        raw("address of 64 KB", post(body=b"", path=b"/" + b"a" * 65_536), 404, 414, 431),
        raw("header name of 40 KB", sized(b"x" * 40_960 + b": 1"), 400, 431),
        raw("NUL in a value", sized(b"x-a: a\x00b"), 400),
        raw("bare return in a value", sized(b"x-a: a\rb"), 400),
        raw("newline only", sized(b"x-a: b").replace(b"\r\n", b"\n"), 200, 400),
        raw("folded value", sized(b"x-a: a\r\n b"), 200, 400),
        raw("space before the colon", sized(b"x-a : b"), 200, 400),
        raw("name with a space", sized(b"x a: b"), 400),
        raw("empty name", sized(b": b"), 400),
        raw("line without a colon", sized(b"nonsense"), 400),
        raw("control in a name", sized(b"x\x01a: b"), 400),
        raw("value in latin-1", sized(b"x-a: caf\xe9"), 200, may_close=False),
        raw("value in utf-8", sized("x-a: 東京".encode()), 200, may_close=False),
        chat("no content type", BODY, 200, headers={"content-type": ""}),
        chat("text as content type", BODY, 200, 415, headers={"content-type": "text/plain"}),
        chat("form as content type", BODY, 200, 415, headers={"content-type": "application/x-www-form-urlencoded"}),
        chat("latin-1 as charset", BODY, 200, 415, headers={"content-type": "application/json; charset=latin-1"}),
        chat("accept nothing of ours", BODY, 200, headers={"accept": "image/png"}),
        chat("accept nonsense", BODY, 200, headers={"accept": ";;;,,,q=;text/plain;q=high"}),
        chat("accept of 20 KB", BODY, 200, headers={"accept": "a/b," * 5000}),
        chat("request id with a line break in mind", BODY, 200, headers={"x-request-id": "a%0d%0ax-injected: 1"}),
        chat("request id of 1,000", BODY, 200, headers={"x-request-id": "r" * 1000}),
        chat("stainless retry", BODY, 200, headers={"x-stainless-retry-count": "99999999999999999999"}),
        chat("range", BODY, 200, headers={"range": "bytes=" + "0-0," * 1000}),
        chat("upgrade", BODY, 200, 400, headers={"upgrade": "websocket", "connection": "upgrade"}),
        chat("http2 upgrade", BODY, 200, 400, headers={"upgrade": "h2c", "http2-settings": "AAMAAABk"}),
        chat("expect", BODY, 200, 417, headers={"expect": "100-continue"}),
        chat("expect the impossible", BODY, 200, 417, headers={"expect": "everything"}),
        chat("forged address", BODY, 200, headers={"x-forwarded-for": "127.0.0.1", "forwarded": "for=127.0.0.1"}),
        chat("method override", BODY, 200, headers={"x-http-method-override": "DELETE"}),
    ]


def framing() -> list[Case]:
    """What smuggles requests past careless parsers. Two readings of one request are never both served."""
    whole = chunk(BODY) + b"0\r\n\r\n"
    both = (b"content-length: 4", b"transfer-encoding: chunked")
    return [
        raw("length and chunks", post(*both, body=whole), 400),
        raw("chunks and length", post(*reversed(both), body=whole), 400),
        raw("two lengths", post(b"content-length: 5", b"content-length: %d" % len(BODY)), 400),
        raw("two equal lengths", post(b"content-length: %d" % len(BODY), b"content-length: %d" % len(BODY)), 200, 400),
        raw("list of lengths", post(b"content-length: 5, 5"), 400),
        raw("negative length", post(b"content-length: -1"), 400),
        raw("length with a plus", post(b"content-length: +%d" % len(BODY)), 400),
        raw("hexadecimal length", post(b"content-length: 0x10"), 400),
        raw("empty length", post(b"content-length:"), 400),
        raw("length is a word", post(b"content-length: many"), 400),
        raw("chunked twice", post(b"transfer-encoding: chunked, chunked", body=whole), 200, 400),
        raw("unknown coding", post(b"transfer-encoding: rot13", body=whole), 400, 501),
        raw("chunked not last", post(b"transfer-encoding: chunked, gzip", body=whole), 400, 501),
        raw("coding with a tab", post(b"transfer-encoding:\tchunked", body=whole), 200, 400),
        raw("hidden coding", post(b"transfer-encoding : chunked", body=whole), 200, 400),
        raw("coding in capitals", post(b"Transfer-Encoding: CHUNKED", body=whole), 200, may_close=False),
        raw("chunk size is a word", chunked(b"zz\r\nhello\r\n0\r\n\r\n"), 400),
        raw("negative chunk", chunked(b"-5\r\nhello\r\n0\r\n\r\n"), 400),
        raw("chunk with 0x", chunked(b"0x5\r\nhello\r\n0\r\n\r\n"), 400),
        raw("chunk size of 17 digits", chunked(b"FFFFFFFFFFFFFFFFF\r\nhello\r\n"), 400, 413),
        raw("chunk longer than its size", chunked(b"3\r\nhello\r\n0\r\n\r\n"), 400),
        raw("chunk without line end", chunked(b"5\r\nhello0\r\n\r\n"), 400),
        raw("chunk ends with newline", chunked(b"%x\n%b\n0\n\n" % (len(BODY), BODY)), 200, 400),
        raw("chunk extension", chunked(b"%x;a=b\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)), 200, 400),
        raw("trailer", chunked(chunk(BODY), b"0\r\nx-a: b\r\n\r\n"), 200, 400),
        raw("trailer with a key", chunked(chunk(BODY), b"0\r\nauthorization: Bearer x\r\n\r\n"), 200, 400),
        raw("spaces in the request line", b"POST  /v1/models  HTTP/1.1\r\nhost: x\r\n\r\n", 400, 405),
        raw("no version", b"GET /livez\r\nhost: x\r\n\r\n", 200, 400),
        raw("version 9", b"GET /livez HTTP/9.9\r\nhost: x\r\n\r\n", 400, 505),
        raw("version 2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, 505),
        raw("version 1.0", b"GET /livez HTTP/1.0\r\nconnection: close\r\n\r\n", 200),
        raw("TLS hello", bytes.fromhex("16030100c8010000c40303") + bytes(190), 400),
        raw("SSH greeting", b"SSH-2.0-OpenSSH_9.9\r\n", 400),
        raw("redis", b"*1\r\n$4\r\nPING\r\n", 400),
        raw("zeros", bytes(4096), 400),
        raw("all bytes", bytes(range(256)) * 16, 400),
        raw("method of 10 KB", b"A" * 10_000 + b" / HTTP/1.1\r\n\r\n", 400),
        raw("unknown method", b"BREW /livez HTTP/1.1\r\nhost: x\r\n\r\n", 400, 405, 501),
        raw("no host", b"GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n", 200, 400),
        raw("two hosts", b"GET /livez HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n", 200, 400),
        raw("whole address", b"GET http://127.0.0.1:9/livez HTTP/1.1\r\nhost: x\r\n\r\n", 200, 400, 404),
        raw("proxy", b"CONNECT 127.0.0.1:9 HTTP/1.1\r\nhost: x\r\n\r\n", 400, 404, 405),
        raw("star", b"OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", 200, 204, 400, 404, 405),
    ]  # fmt: skip


def routes() -> list[Case]:
    """Addresses that are not there, methods that they do not take, and ways out of the tree."""
    missing = (
        "/", "/v1", "/v1/", "/v2/models", "/admin", "/v1/chat", "/v1/chat/completions/", "/v1/chat/completions/x",
        "//v1/models", "/v1//models", "/v1/../v1/admin", "/..%2f..%2fetc/passwd", "/../../etc/passwd",
        "/v1/models/../../etc/passwd", "/.env", "/.git/config", "/%00", "/v1/models%00", "/v1/chat%2Fcompletions",
        "/metrics/../admin", "/control", "/props", "/slots", "/tokenize", "/V1/MODELS", "/v1/models;a=b",
        "/%e0%80%af", "/v1/\udcff".encode("utf-8", "surrogateescape").decode("latin-1"),
    )  # fmt: skip
    wrong = (("GET", CHAT), ("PUT", CHAT), ("DELETE", CHAT), ("PATCH", CHAT), ("HEAD", CHAT),
             ("POST", "/v1/models"), ("DELETE", "/v1/models/x"), ("POST", "/livez"), ("TRACE", "/livez"),
             ("DELETE", "/v1/keys/x/rotate"), ("OPTIONS", "/v1/keys/x/rotate"), ("DELETE", "/v1/feedback/metrics/x"),
             ("POST", "/v1/sessions/x"), ("PUT", "/v1/projects/x"))  # fmt: skip
    return [
        *(Case(f"GET {path!r}", _asking("GET", path), (404, 400, 405)) for path in missing),
        *(Case(f"{method} {path}", _asking(method, path), (405,)) for method, path in wrong if method != "HEAD"),
        Case("query is ignored", lambda: request_bytes(f"{CHAT}?model=x&key=y", good(), headers=AUTHORISED), (200,)),
        Case("query of 20 KB", lambda: request_bytes(f"{CHAT}?{'a=b&' * 5000}", good(), headers=AUTHORISED), (200,)),
        Case("fragment", lambda: request_bytes(f"{CHAT}#top", good(), headers=AUTHORISED), (200, 400, 404)),
    ]


def _asking(method: str, path: str) -> Callable[[], bytes]:
    """A request without a body to this address."""
    return lambda: request_bytes(path, method=method, headers=AUTHORISED)


def cases() -> list[Case]:
    """All of them."""
    return [*sizes(), *headers(), *framing(), *routes()]
