"""Bodies that are not JSON, or JSON at its edges. Tolerated oddities answer 200, the rest 400, none 500."""

from __future__ import annotations

import gzip
import json

from .case import MODEL, Case, chat, good, large

GOOD = json.dumps(good()).encode()
HEAD = b'{"model": "%b", "max_tokens": 2, "messages": [{"role": "user", "content": ' % MODEL.encode()
MEGABYTE = 1024 * 1024


def content(literal: bytes) -> bytes:
    """A good body whose content is this literal."""
    return HEAD + literal + b"}]}"


def extra(literal: bytes) -> bytes:
    """A good body with this literal in a field that nobody knows."""
    return GOOD[:-1] + b', "unknown": ' + literal + b"}"


def number(name: bytes, literal: bytes) -> bytes:
    """A good body with this literal as the value of a field."""
    return GOOD[:-1] + b', "' + name + b'": ' + literal + b"}"


NOT_JSON = {
    "empty": b"",
    "spaces": b" \n\t ",
    "word": b"hello",
    "html": b"<html></html>",
    "xml": b"<?xml version='1.0'?><a/>",
    "form": b"model=x&messages=y",
    "yaml": b"model: x\nmessages: []\n",
    "multipart": b'--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nx\r\n--x--\r\n',
    "msgpack": b"\x82\xa5model\xa1x\xa8messages\x90",
    "gzip without a header": gzip.compress(GOOD),
    "zeros": bytes(64),
    "open brace": b"{",
    "closing brace": b"}",
    "cut in a key": b'{"mod',
    "cut in a string": GOOD[:30],
    "cut before the end": GOOD[:-1],
    "colon missing": b'{"model" "x"}',
    "value missing": b'{"model":}',
    "comma at the end": GOOD[:-1] + b",}",
    "comma in a list": b'{"model": "x", "messages": [,]}',
    "two commas": b'{"model": "x",, "messages": []}',
    "two documents": GOOD + GOOD,
    "json lines": GOOD + b"\n" + GOOD,
    "text after": GOOD + b"garbage",
    "comment": b"/* hello */" + GOOD,
    "line comment": b"// hello\n" + GOOD,
    "single quotes": GOOD.replace(b'"', b"'"),
    "bare keys": GOOD.replace(b'"model"', b"model"),
    "byte order mark": b"\xef\xbb\xbf" + GOOD,
    "utf-16": GOOD.decode().encode("utf-16"),
    "utf-16 without mark": GOOD.decode().encode("utf-16-le"),
    "utf-32": GOOD.decode().encode("utf-32"),
    "latin-1": content('"café"'.encode("latin-1")),
    "broken utf-8": content(b'"\xc3\x28"'),
    "overlong utf-8": content(b'"\xc0\xaf"'),
    "surrogate in utf-8": content(b'"\xed\xa0\x80"'),
    "five-byte utf-8": content(b'"\xf8\x88\x80\x80\x80"'),
    "cut character": content(b'"\xe2\x82"'),
    "broken utf-8 in a key": GOOD[:-1] + b', "\xff": 1}',
    "raw newline in a string": content(b'"a\nb"'),
    "raw NUL in a string": content(b'"a\x00b"'),
    "raw tab in a string": content(b'"a\tb"'),
    "unknown escape": content(b'"\\x41"'),
    "short unicode escape": content(b'"\\u12"'),
    "escape at the end": content(b'"\\"'),
    "lone high surrogate": content(b'"\\ud800"'),
    "lone low surrogate": content(b'"\\udc00"'),
    "surrogates in the wrong order": content(b'"\\udc00\\ud800"'),
    "capital true": extra(b"True"),
    "python none": extra(b"None"),
    "undefined": extra(b"undefined"),
    "tuple": extra(b"(1, 2)"),
}
NOT_NUMBERS = ("NaN", "Infinity", "-Infinity", "+1", ".5", "1.", "01", "0x10", "1e", "-", "1_000", "1,5", "--1")
NO_OBJECT = (b"null", b"true", b"1", b'"text"', b"[]", b"[{}]", b"{}")
TOLERATED = {
    "spaces around": b" \r\n" + GOOD + b"\n\n",
    "escaped NUL": content(b'"a\\u0000b"'),
    "escaped slash": content(b'"a\\/b"'),
    "surrogate pair": content(b'"\\ud83e\\udd8a"'),
    "noncharacter": content(b'"\xef\xbf\xbf"'),
    "right-to-left override": content(b'"\xe2\x80\xaeabc"'),
    "negative zero": number(b"temperature", b"-0.0"),
    "long fraction": number(b"temperature", b"0." + b"0" * 400 + b"1"),
    "tiny number": number(b"temperature", b"1e-320"),
    "same key twice": number(b"max_tokens", b"3"),
    "unicode key": extra(b"1").replace(b"unknown", "naïve 鍵".encode()),
    "empty key": extra(b"1").replace(b"unknown", b""),
    "prototype key": extra(b"{}").replace(b"unknown", b"__proto__"),
}


def cases() -> list[Case]:
    """All of them."""
    return [
        *(chat(name, body, param=None) for name, body in NOT_JSON.items()),
        *(chat(f"temperature {word}", number(b"temperature", word.encode())) for word in NOT_NUMBERS),
        *(chat(f"no request: {body.decode()}", body) for body in NO_OBJECT),
        *(chat(name, body, 200) for name, body in TOLERATED.items()),
        *_huge_numbers(),
        *_large(),
    ]


def _huge_numbers() -> list[Case]:
    """Numbers that overflow; as unknown fields they may be let through."""
    digits = b"9" * 5000
    return [
        chat("1e400 as temperature", number(b"temperature", b"1e400")),
        chat("-1e400 as temperature", number(b"temperature", b"-1e400")),
        chat("5,000 digits as max_tokens", number(b"max_tokens", digits)),
        chat("5,000 digits as seed", number(b"seed", digits)),
        chat("exponent of nine digits", number(b"temperature", b"1e999999999")),
        chat("5,000 digits unknown", extra(digits), 200, 400),
        chat("1e400 unknown", extra(b"1e400"), 200, 400),
        chat("2^64 as seed", number(b"seed", b"18446744073709551616"), param="seed"),
    ]


def _large() -> list[Case]:
    """What costs a careless parser its stack, its memory or its evening."""
    return [
        large("100,000 open lists", lambda: b"[" * 100_000),
        large("100,000 nested lists", lambda: extra(b"[" * 100_000 + b"]" * 100_000), 200, 400),
        large("100,000 nested objects", lambda: extra(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), 200, 400),
        large("content nested 10,000 deep", lambda: content(b"[" * 10_000 + b"]" * 10_000)),
        large("300,000 keys", lambda: GOOD[:-1] + b"".join(b',"k%d":0' % n for n in range(300_000)) + b"}", 200, 400),
        large("100,000 equal keys", lambda: GOOD[:-1] + b',"k":0' * 100_000 + b"}", 200, 400),
        large("key of a megabyte", lambda: extra(b"1").replace(b"unknown", b"k" * MEGABYTE), 200, 400),
        large("string of escapes", lambda: content(b'"' + b"\\u0041" * 100_000 + b'"'), 200, 400),
        large("megabyte of spaces", lambda: b" " * MEGABYTE),
        large("megabyte of backslashes", lambda: content(b'"' + b"\\" * MEGABYTE + b'"'), 200, 400),
        large("100,000 messages", lambda: _messages(100_000), param="messages"),
        large("list of a million zeros", lambda: extra(b"[" + b"0," * 1_000_000 + b"0]"), 200, 400),
    ]


def _messages(count: int) -> bytes:
    """A body with that many turns."""
    turn = b'{"role":"user","content":"x"}'
    return b'{"model": "%b", "messages": [%b]}' % (MODEL.encode(), b",".join([turn] * count))
