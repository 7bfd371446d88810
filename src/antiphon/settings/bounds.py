"""The kinds of value that settings are made of, each with its bounds, so that every limit has a limit.

A `title` says in words what a pattern asks for; messages and the reference show it in place of the pattern.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

NonEmpty = Annotated[str, Meta(min_length=1, max_length=4096)]
Name = Annotated[
    str,
    Meta(
        max_length=200,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@+-]*$",
        title="letters, digits and `._:/@+-`, beginning with a letter or digit",
    ),
]
ProjectKey = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        title="1 to 64 letters, digits and `._-`, beginning with a letter or digit",
    ),
]
ProviderKey = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$",
        title="1 to 32 letters, digits and `-`, neither first nor last a `-`",
    ),
]
HeaderName = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$", title="the name of a header, of at most 64 characters"),
]
ArgumentName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$",
        title="1 to 64 letters, digits and `_`, not beginning with a digit",
    ),
]
Prompt = Annotated[str, Meta(min_length=1, max_length=65_536)]
HTTPAddress = Annotated[
    str,
    Meta(
        max_length=2048,
        pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$",
        title="an http:// or https:// address without user, query or fragment",
    ),
]
SHA256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$", title="64 hexadecimal digits in lower case")]
Port = Annotated[int, Meta(ge=0, le=65535)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
CountOrNone = Annotated[int, Meta(ge=0, le=1_000_000)]  # 0 stands for "no limit"
TokenRate = Annotated[int, Meta(ge=0, le=1_000_000_000)]  # 0 stands for "no limit"
Bytes = Annotated[int, Meta(ge=1024, le=1 << 30)]
Days = Annotated[int, Meta(ge=0, le=36_500)]  # 0 stands for "for ever"
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Tokens = Annotated[int, Meta(ge=1, le=16_777_216)]
Threads = Annotated[int, Meta(ge=1, le=1024)]
Probability = Annotated[float, Meta(ge=0, le=1)]
Temperature = Annotated[float, Meta(ge=0, le=2)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
RepetitionPenalty = Annotated[float, Meta(gt=0, le=2)]
TopK = Annotated[int, Meta(ge=-1, le=1_000_000)]
WalletAddress = Annotated[str, Meta(pattern=r"^0x[0-9a-fA-F]{40}$", title="`0x` and 40 hexadecimal digits")]
MicroUSDC = Annotated[int, Meta(ge=0, le=10**15)]
