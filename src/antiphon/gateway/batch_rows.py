"""The rows of files and batches in the table of routes."""

from __future__ import annotations

from antiphon.batches import wire
from antiphon.batches.routes import BatchRoutes, FileRoutes
from antiphon.gateway.table import Route


def batch_rows(files: FileRoutes, batches: BatchRoutes) -> tuple[Route, ...]:
    """One row per route."""
    return (
        Route("POST", "/v1/files", files.create, "Upload a file of requests, as a form.", "batches",
              response=wire.WireFile, statuses=(413, 415)),
        Route("GET", "/v1/files", files.list, "List the account's files.", "batches", query=wire.FilesQuery,
              response=wire.WireFiles, statuses=(404,)),
        Route("GET", "/v1/files/{file}", files.get, "One file.", "batches", response=wire.WireFile, statuses=(404,)),
        Route("GET", "/v1/files/{file}/content", files.content, "What a file holds.", "batches",
              media_type="application/jsonl", statuses=(404,)),
        Route("DELETE", "/v1/files/{file}", files.delete, "Delete a file.", "batches",
              response=wire.WireDeletedFile, statuses=(404,)),
        Route("POST", "/v1/batches", batches.create, "Have a file of requests answered.", "batches",
              request=wire.BatchBody, response=wire.WireBatch, statuses=(404, 409), keyed=True),
        Route("GET", "/v1/batches", batches.list, "List the account's batches, the newest first.", "batches",
              query=wire.BatchesQuery, response=wire.WireBatches, statuses=(404,)),
        Route("GET", "/v1/batches/{batch}", batches.get, "One batch, and how far it is.", "batches",
              response=wire.WireBatch, statuses=(404,)),
        Route("POST", "/v1/batches/{batch}/cancel", batches.cancel, "Have a batch stop.", "batches",
              response=wire.WireBatch, statuses=(404, 409)),
    )  # fmt: skip
