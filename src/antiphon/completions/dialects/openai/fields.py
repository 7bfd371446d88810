"""The bounds of single fields, the same for every vendor that has them. Whole numbers may be written 1.0."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

INT64_MAX = 2**63 - 1

Tokens = Annotated[int, Meta(ge=1, le=INT64_MAX)] | Annotated[float, Meta(ge=1, le=1e15)] | None
TokensOrNone = Annotated[int, Meta(ge=0, le=INT64_MAX)] | Annotated[float, Meta(ge=0, le=1e15)] | None
TokenId = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Seed = Annotated[int, Meta(ge=-(2**63), le=INT64_MAX)] | Annotated[float, Meta(ge=-1e15, le=1e15)] | None
TopK = Annotated[int, Meta(ge=-1, le=2**31 - 1)] | Annotated[float, Meta(ge=-1, le=2**31 - 1)] | None
TopLogprobs = Annotated[int, Meta(ge=0, le=20)] | Annotated[float, Meta(ge=0, le=20)] | None
Choices = Annotated[int, Meta(ge=0, le=INT64_MAX)] | Annotated[float, Meta(ge=0, le=1e15)] | None
Penalty = Annotated[float, Meta(ge=-2, le=2)] | None
Price = Annotated[float, Meta(ge=0, le=1e9)] | None
Share = Annotated[float, Meta(ge=0, le=1)] | None
StopText = Annotated[str, Meta(min_length=1, max_length=1024)]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Uuid = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
