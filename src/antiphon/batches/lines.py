"""Lines of a batch: requests checked one by one, and answers as lines. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from antiphon.batches.model import Endpoint, Fault
from antiphon.errors import BadRequest
from antiphon.http.decode import decode

PIECE_CHARACTERS = 65_536
CUSTOM_ID_CHARACTERS_MAX = 512
FAULTS_MAX = 20  # that are told of one file


class Line(Struct, frozen=True):
    """One request, by its place in the file. `body` is its JSON as it came."""

    number: int
    custom_id: str
    body: bytes


class _Request(Struct):
    custom_id: Annotated[str, Meta(min_length=1, max_length=CUSTOM_ID_CHARACTERS_MAX)]
    method: str
    url: str
    body: Raw


class _Streaming(Struct):
    stream: Any = None  # Any: whatever the client wrote, which the endpoint will judge


class _Response(Struct):
    status_code: int
    request_id: str
    body: Raw


class _Error(Struct):
    code: str
    message: str


class _Answer(Struct):
    id: str
    custom_id: str
    response: _Response | None
    error: _Error | None


_request = msgspec.json.Decoder(_Request)
_streaming = msgspec.json.Decoder(_Streaming)
_answer = msgspec.json.Encoder()


def pieces(text: str) -> Iterator[str]:
    """The text in pieces of whole lines, none much larger than it has to be."""
    begin = 0
    while begin < len(text):
        end = text.find("\n", begin + PIECE_CHARACTERS)
        end = len(text) if end < 0 else end + 1
        yield text[begin:end]
        begin = end


def numbered(piece: str, first: int) -> list[tuple[int, str]]:
    """The lines of a piece that say something, counted on from `first`."""
    said = (line for line in piece.split("\n") if line.strip())
    return list(enumerate(said, first))


def read(number: int, text: str, endpoint: Endpoint) -> Line | Fault:
    """The request of a line, or what is wrong with it."""
    place = number + 1
    try:
        request = decode(text.encode(), _request)
    except BadRequest as refusal:
        if refusal.param is None:
            return Fault("invalid_json_line", "This line is not a JSON object.", place)
        return Fault("invalid_request", refusal.message, place, refusal.param)
    return _fault(request, endpoint, place) or Line(number, request.custom_id, bytes(request.body))


def _fault(request: _Request, endpoint: Endpoint, place: int) -> Fault | None:
    """What is wrong with a request, as far as it is not the endpoint's to say."""
    if request.method != "POST":
        return Fault("invalid_method", "method: expected POST.", place, "method")
    if request.url != endpoint:
        return Fault("mismatched_endpoint", f"url: expected {endpoint}, as the batch says.", place, "url")
    try:
        streams = decode(bytes(request.body), _streaming).stream
    except BadRequest:
        return Fault("invalid_request", "body: expected an object.", place, "body")
    if streams:
        return Fault("invalid_request", "body.stream: answers of a batch are not streamed.", place, "body.stream")
    return None


def answered(answer_id: str, line: Line, status: int, request_id: str, body: bytes) -> str:
    """The line of an answer; a body that is no JSON, as of a refusal in text, becomes a string."""
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = msgspec.json.encode(body.decode(errors="replace"))
    response = _Response(status, request_id, Raw(body.strip()))
    return _answer.encode(_Answer(answer_id, line.custom_id, response, None)).decode()


def unanswered(answer_id: str, line: Line, code: str, message: str) -> str:
    """The line of a request that was never sent."""
    return _answer.encode(_Answer(answer_id, line.custom_id, None, _Error(code, message))).decode()
