"""A collector of OpenTelemetry for tests: takes OTLP over HTTP on a port of its own, and reads it by its own schema."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

PATIENCE_S = 30.0


class Collector:
    """What has come. `statuses` are given to the next requests, 200 to all later ones."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.metrics: dict[str, Metric] = {}
        self.services: set[str] = set()
        self.headers: list[dict[str, str]] = []
        self.statuses: list[int] = []
        self.raw: list[bytes] = []
        self.address = ""
        self._came = threading.Condition()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """One request; the status to answer with."""
        with self._came:
            self.headers.append(headers)
            status = self.statuses.pop(0) if self.statuses else 200
            if status == 200:
                self.raw.append(body)
                self._read(path, body)
            self._came.notify_all()
            return status

    def _read(self, path: str, body: bytes) -> None:
        if path == "/v1/traces":
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.services.add(attributes(resource.resource.attributes)["service.name"])
                self.spans += [span for scope in resource.scope_spans for span in scope.spans]
        elif path == "/v1/metrics":
            for told in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                self.metrics |= {metric.name: metric for scope in told.scope_metrics for metric in scope.metrics}

    def wait(self, until: Callable[[Collector], bool]) -> None:
        """Return when that is so."""
        with self._came:
            assert self._came.wait_for(lambda: until(self), PATIENCE_S), self.spans


def attributes(told: list[KeyValue]) -> dict[str, str]:
    """As texts, whatever their types."""
    return {one.key: str(getattr(one.value, one.value.WhichOneof("value") or "string_value")) for one in told}


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that runs."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        """Hands requests over."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Take one."""
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(collector.take(self.path, headers, body))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class has it
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    collector.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
