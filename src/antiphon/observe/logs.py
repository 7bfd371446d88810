"""Log lines, as JSON for machines or text for people, on stderr. Never a key, never what was said."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Literal, TextIO

import msgspec

from antiphon.clock import SystemClock
from antiphon.http.exchange import Exchange

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


class Log:
    """Writes lines at or above a level."""

    def __init__(
        self,
        *,
        form: Literal["auto", "json", "text"] = "auto",
        level: str = "info",
        access: bool = False,
        stream: TextIO | None = None,
        now: Callable[[], float] = SystemClock.now,
    ) -> None:
        self._stream = stream or sys.stderr
        self._json = form == "json" or (form == "auto" and not self._stream.isatty())
        self._level = LEVELS[level]
        self.accesses = access
        self._now = now

    def info(self, message: str, **fields: object) -> None:
        """Something of note."""
        self._write("info", message, fields)

    def error(self, message: str, **fields: object) -> None:
        """Something that does not work."""
        self._write("error", message, fields)

    def warning(self, message: str, **fields: object) -> None:
        """Something that may need a person."""
        self._write("warning", message, fields)

    def exception(self, message: str, **fields: object) -> None:
        """A mistake of ours, with where it happened."""
        self._write("error", message, {**fields, "trace": traceback.format_exc(limit=20)})

    def access(self, exchange: Exchange, duration_s: float) -> None:
        """One line for a request; only to be called when `accesses` says so."""
        fields = {
            "request_id": exchange.request_id,
            "method": exchange.method,
            "route": exchange.route,
            "status": exchange.status,
            "duration_ms": round(duration_s * 1000, 1),
            "key": (exchange.key.id or exchange.key.name) if exchange.key else None,  # names of stored keys repeat
        }
        self._write("info", "request", fields)

    def _write(self, level: str, message: str, fields: dict[str, object]) -> None:
        if LEVELS[level] < self._level:
            return
        if self._json:
            line = msgspec.json.encode({"time": self._now(), "level": level, "message": message, **fields}).decode()
        else:
            shown = " ".join(f"{name}={value}" for name, value in fields.items() if name != "trace")
            line = f"{level}: {message} {shown}".rstrip() + (f"\n{fields['trace']}" if "trace" in fields else "")
        self._stream.write(line + "\n")
        self._stream.flush()
