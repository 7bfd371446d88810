"""Records the first minute in a terminal: `python scripts/recording.py`, in a checkout with its environment.

The commands are really run, in a folder of their own, and what they print is kept with its times: as an asciicast
(version 2), and as an animated drawing for README.md. Changed are only the key and the port, which are shown as the
pages show them, and pauses of more than a second and a half, which are cut to that. Typing is made up.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import sys
import tempfile
import termios
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = REPOSITORY / "docs" / "images"
NAME = "first-minute"
PROGRAMS = Path(sys.executable).parent
WIDTH, HEIGHT = 88, 24
PAUSE_S_MAX, KEYSTROKE_S, REST_S, END_S = 1.5, 0.035, 1.2, 5.0
CHUNKS_BEFORE = 25  # that have come when the engine is killed
KEY = re.compile(r"dkn_test_\w+")
STYLED = re.compile(r"\x1b\[(\d*)m")
BOLD = "1"
PROMPT = "$ "
LINE, CELL, MARGIN = 18, 8.0, 16
STYLE = """
.back { fill: #fbfbfa; stroke: #d8d8d4; } text { font: 13px ui-monospace, Menlo, Consolas, monospace; fill: #24292f; }
.piece { opacity: 0; white-space: pre; } .bold { font-weight: 700; } .after { fill: #0b62c4; }
@media (prefers-color-scheme: dark) { .back { fill: #16181c; stroke: #33363c; } text { fill: #dfe3e8; }
  .after { fill: #7ab5ff; } }
@media (prefers-reduced-motion: reduce) { .piece { opacity: 1 !important; } }
"""


@dataclass(frozen=True)
class Event:
    """What the terminal was sent at a time; a `mark` is what happened elsewhere."""

    at: float
    text: str
    mark: bool = False


@dataclass(frozen=True)
class Piece:
    """A text that appears at a time, in a row and a column of a screen that never ends."""

    at: float
    row: int
    column: int
    text: str
    look: str


class Tape:
    """Events in the order in which they came, on a clock whose long pauses are cut."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._now = 0.5

    def add(self, text: str, after_s: float, *, mark: bool = False) -> None:
        """Note what came, so long after what was before."""
        self._now += min(after_s, PAUSE_S_MAX)
        self.events.append(Event(round(self._now, 3), text, mark))

    def type(self, line: str) -> None:
        """A line as if somebody typed it."""
        self.add(PROMPT, REST_S)
        for letter in line:
            self.add(letter, KEYSTROKE_S)
        self.add("\r\n", KEYSTROKE_S)


class Terminal:
    """Runs commands below a pseudo-terminal. `shown` is what of their output goes on the tape."""

    def __init__(self, tape: Tape, environment: dict[str, str], shown: Callable[[str], str]) -> None:
        self._tape = tape
        self._environment = environment
        self._shown = shown

    def run(self, words: list[str], *, until: str = "", after: int = 0, then: Callable[[], None] | None = None) -> int:
        """Run a command to its end, or until it has said something; its process id.

        When `after` pieces of output have come, `then` is called.
        """
        process, line = pty.fork()
        if process == 0:
            os.execvpe(words[0], words, self._environment)  # noqa: S606
        fcntl.ioctl(line, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        said, before = "", time.monotonic()
        for number, chunk in enumerate(_chunks(line), 1):
            now = time.monotonic()
            self._tape.add(self._shown(chunk), now - before)
            said, before = said + chunk, now
            if number == after and then is not None:
                then()
            if until and until in said:
                break
        return process


def _chunks(line: int) -> Iterator[str]:
    """What comes through a pseudo-terminal, until its process has ended or says nothing for a minute."""
    while select.select([line], [], [], 60)[0]:
        try:
            data = os.read(line, 65536)
        except OSError:  # how Linux says that the other side is closed
            return
        if not data:
            return
        yield data.decode(errors="replace")


def main() -> int:
    """Record, and write both forms; 1 if no answer went on, so that there is nothing to show."""
    with tempfile.TemporaryDirectory() as folder:
        events, continued = recorded(Path(folder))
    if not continued:
        print("The answer ended before its engine was killed: run it again.", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{NAME}.cast").write_text(cast(events), encoding="utf-8")
    (FOLDER / f"{NAME}.svg").write_text(drawing(events), encoding="utf-8")
    print(f"{events[-1].at:.0f} s in {FOLDER / NAME}.svg and .cast")
    return 0


def recorded(folder: Path) -> tuple[list[Event], bool]:
    """What a terminal showed, and whether an answer outlived its engine."""
    port = _free_port()
    settings = {"DATA_DIR": str(folder), "SERVER__PORT": str(port), "SERVER__CONNECTIONS_MAX": "1000"}
    ours = {f"ANTIPHON_{name}": value for name, value in settings.items()}
    found = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **ours, "PATH": found, "TERM": "xterm"}
    tape = Tape()
    terminal = Terminal(tape, environment, lambda text: KEY.sub("dkn_test_...", text).replace(f":{port}", ":8000"))
    tape.type("antiphon serve")
    gateway = terminal.run(["antiphon", "serve"], until="curl ")
    try:
        tape.type("# in another terminal")
        tape.type('antiphon chat "Say hello in one sentence."')
        terminal.run(["antiphon", "chat", "Say hello in one sentence."])
        tape.type("# and now somebody does kill -9 to the engine, in the middle of an answer")
        tape.type('antiphon chat --max-tokens 90 "How is bread baked?"')
        words = ["antiphon", "chat", "--max-tokens", "90", "How is bread baked?"]
        terminal.run(words, after=CHUNKS_BEFORE, then=lambda: _kill_engine(gateway, tape))
        tape.add(PROMPT, REST_S)
        return tape.events, _continued(port)
    finally:
        os.kill(gateway, signal.SIGINT)
        os.waitpid(gateway, 0)


def _kill_engine(gateway: int, tape: Tape) -> None:
    """Kill the child that generates."""
    children = Path(f"/proc/{gateway}/task/{gateway}/children").read_text(encoding="ascii").split()
    engine = next(pid for pid in children if b"embedded.child" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(int(engine), signal.SIGKILL)
    tape.add("kill -9", 0, mark=True)


def _continued(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        return any(line.startswith(b"antiphon_continuations_total{") for line in answer)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def cast(events: list[Event]) -> str:
    """The recording as an asciicast, version 2."""
    head = {"version": 2, "width": WIDTH, "height": HEIGHT, "title": "Antiphon: the first minute"}
    lines = [[event.at, "m" if event.mark else "o", event.text] for event in events]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in (head, *lines))


def laid_out(events: list[Event]) -> list[Piece]:
    """Where each text stands: lines end at the width of the terminal."""
    pieces: list[Piece] = []
    row = column = 0
    bold = after = False
    for event in events:
        if event.mark or event.text == PROMPT:
            after = event.mark
        if event.mark:
            continue
        for part in re.split(r"(\r\n|\x1b\[\d*m)", event.text):
            style = STYLED.fullmatch(part)
            if style:
                bold = style[1] == BOLD
            elif part == "\r\n":
                row, column = row + 1, 0
            else:
                for text in _broken(part, column):
                    if text == "\n":
                        row, column = row + 1, 0
                        continue
                    look = "after" if after else "bold" if bold else ""
                    pieces.append(Piece(event.at, row, column, text, look))
                    column += len(text)
    return pieces


def _broken(text: str, column: int) -> Iterator[str]:
    """A text in parts that fit into the rest of the line, with a line feed between them."""
    while text:
        room = WIDTH - column
        if room == 0:
            yield "\n"
            column, room = 0, WIDTH
        yield text[:room]
        column, text = column + len(text[:room]), text[room:]


def drawing(events: list[Event]) -> str:
    """The recording as a drawing that moves by itself, and stands still for whoever wants that."""
    pieces = laid_out(events)
    length = events[-1].at + END_S
    width, height = int(WIDTH * CELL) + 2 * MARGIN, HEIGHT * LINE + 2 * MARGIN
    rows = "\n".join(_drawn(piece, length) for piece in _typed_together(pieces))
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{_words(pieces)}">
<title>The first minute: a gateway starts, answers, and an answer outlives its engine</title>
<style>{STYLE}</style>
<rect class="back" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>
<svg x="{MARGIN}" y="{MARGIN}" width="{width - 2 * MARGIN}" height="{height - 2 * MARGIN}"><g>
{_scrolled(pieces, length)}
{rows}
</g></svg>
</svg>
"""


def _typed_together(pieces: list[Piece]) -> list[Piece]:
    """Pieces that follow each other within a tenth of a second in one row, as one."""
    found: list[Piece] = []
    for piece in pieces:
        last = found[-1] if found else None
        if last and (last.row, last.look) == (piece.row, piece.look) and piece.at - last.at < 0.1:
            found[-1] = Piece(last.at, last.row, last.column, last.text + piece.text, last.look)
        else:
            found.append(piece)
    return found


def _drawn(piece: Piece, length: float) -> str:
    look = f"piece {piece.look}".strip()
    shown = (
        f'<animate attributeName="opacity" calcMode="discrete" values="0;1" keyTimes="0;{piece.at / length:.4f}" '
        f'dur="{length:.1f}s" repeatCount="indefinite"/>'
    )
    x, y = piece.column * CELL, piece.row * LINE + 13
    size = f'textLength="{len(piece.text) * CELL:g}"'
    return f'<text class="{look}" x="{x:g}" y="{y}" {size}>{escape(piece.text)}{shown}</text>'


def _scrolled(pieces: list[Piece], length: float) -> str:
    """How the screen moves up when there is no room left."""
    steps: dict[int, float] = {0: 0.0}
    for piece in pieces:
        steps.setdefault(max(0, piece.row - HEIGHT + 1), piece.at)
    times = ";".join(f"{at / length:.4f}" for at in steps.values())
    places = ";".join(f"0 {-rows * LINE}" for rows in steps)
    return (
        f'<animateTransform attributeName="transform" type="translate" calcMode="discrete" values="{places}" '
        f'keyTimes="{times}" dur="{length:.1f}s" repeatCount="indefinite"/>'
    )


def _words(pieces: list[Piece]) -> str:
    """All of it in words, for whoever cannot see it."""
    rows: dict[int, str] = {}
    for piece in pieces:
        rows[piece.row] = rows.get(piece.row, "") + piece.text
    return escape(" ".join(rows.values()), {'"': "&quot;"})


if __name__ == "__main__":
    sys.exit(main())
