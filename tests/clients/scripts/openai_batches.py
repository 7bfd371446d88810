"""Files and batches with the official Python SDK."""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import json
import time
from typing import Any

import openai

from .openai_connect import FEW_TOKENS, Client, connect, say
from .scenario import Lab, failure

CHAT = "/v1/chat/completions"
UNDER_WAY = ("validating", "in_progress", "finalizing", "cancelling")
PATIENCE_S = 60.0
Json = dict[str, Any]  # Any: what a line holds


def line(lab: Lab, name: str, **fields: object) -> Json:
    """A request of a batch."""
    body = {"model": lab.fault_model, "messages": say(f"Say {name}."), "max_tokens": FEW_TOKENS} | fields
    return {"custom_id": name, "method": "POST", "url": CHAT, "body": body}


def begin(client: Client, lines: list[Json], endpoint: str = CHAT) -> Any:  # Any: the SDK's own
    """A batch of these requests."""
    content = "\n".join(map(json.dumps, lines)).encode()
    file = client.files.create(file=("requests.jsonl", content), purpose="batch")
    return client.batches.create(
        input_file_id=file.id, endpoint=endpoint, completion_window="24h", metadata={"team": "a"}
    )


def over(client: Client, batch: Any) -> Any:  # Any: the SDK's own
    """The batch, once nothing more becomes of it."""
    until = time.monotonic() + PATIENCE_S
    while batch.status in UNDER_WAY:
        assert time.monotonic() < until, batch
        time.sleep(0.05)
        batch = client.batches.retrieve(batch.id)
    return batch


def answers(client: Client, file_id: str) -> dict[str, Json]:
    """The lines of a file of answers, by their names."""
    return {told["custom_id"]: told for told in map(json.loads, client.files.content(file_id).text.splitlines())}


def a_file_is_uploaded_and_deleted(lab: Lab) -> None:
    """Listed, read as it was, and gone."""
    client = connect(lab)
    content = json.dumps(line(lab, "one")).encode()
    file = client.files.create(file=("requests.jsonl", content), purpose="batch")
    assert (file.object, file.bytes, file.filename, file.purpose) == ("file", len(content), "requests.jsonl", "batch")
    assert client.files.retrieve(file.id) == file
    assert client.files.content(file.id).read() == content
    assert file.id in [one.id for one in client.files.list(purpose="batch", limit=2)]
    assert client.files.delete(file.id).deleted
    failure(openai.NotFoundError, lambda: client.files.retrieve(file.id))


def a_batch_is_answered(lab: Lab) -> None:
    """Good answers in one file, refusals in the other; each as the endpoint gives it."""
    client = connect(lab)
    batch = over(client, begin(client, [line(lab, "one"), line(lab, "two", temperature=9), line(lab, "three")]))
    assert (batch.status, batch.request_counts.completed, batch.request_counts.failed) == ("completed", 2, 1), batch
    assert (batch.object, batch.endpoint, batch.metadata) == ("batch", CHAT, {"team": "a"}), batch
    assert batch.created_at <= batch.in_progress_at <= batch.completed_at < batch.expires_at, batch
    good, bad = answers(client, batch.output_file_id), answers(client, batch.error_file_id)
    assert list(good) == ["one", "three"], good
    body = good["one"]["response"]["body"]
    assert (
        client.chat.completions.create(**line(lab, "one")["body"]).choices[0].message.content
        == (body["choices"][0]["message"]["content"])
    )
    assert bad["two"]["response"]["status_code"] == 400, bad
    assert batch.id in [one.id for one in client.batches.list(limit=1)]


def texts_are_embedded_in_a_batch(lab: Lab) -> None:
    """Any endpoint that is offered, and no other."""
    client = connect(lab)
    asked = line(lab, "one") | {"url": "/v1/embeddings", "body": {"model": lab.embedding_model, "input": "Oslo"}}
    batch = over(client, begin(client, [asked], "/v1/embeddings"))
    assert batch.status == "completed", batch
    told = answers(client, batch.output_file_id)["one"]["response"]["body"]
    assert told["data"][0]["embedding"], told
    failure(openai.BadRequestError, lambda: begin(client, [asked], "/v1/models"))


def a_file_that_is_no_batch_is_told(lab: Lab) -> None:
    """By its lines."""
    client = connect(lab)
    batch = over(client, begin(client, [line(lab, "one"), line(lab, "one"), {"custom_id": "three"}]))
    assert batch.status == "failed", batch
    assert [fault.line for fault in batch.errors.data] == [2, 3], batch.errors


def a_batch_is_cancelled(lab: Lab) -> None:
    """What was under way comes to nothing; one that is over is past cancelling."""
    client = connect(lab)
    slow = say("[[answer tokens=200 delay_s=0.1]]")
    batch = begin(client, [line(lab, str(n), messages=slow, max_tokens=4096) for n in range(8)])
    assert client.batches.cancel(batch.id).status in ("cancelling", "cancelled")
    assert over(client, batch).status == "cancelled"
    failure(openai.ConflictError, lambda: client.batches.cancel(batch.id))
