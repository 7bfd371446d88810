"""`antiphon backup` and `antiphon restore`: the database in one file, and out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from antiphon.cli.key_flags import PlaceFlags
from antiphon.cli.output import Output, size_text

Place = Annotated[PlaceFlags, Parameter(name="*")]


def backup(file: Path | None = None, /, *, json: bool = False, place: Place = PlaceFlags()) -> int:
    """Prove the books and copy the database, beside gateways that go on; the exit code is 1 when the books are wrong.

    Parameters
    ----------
    file
        The backup's name, or a folder for one that is named by the time; without it, in the current folder.
    json
        Print JSON.
    place
        Which database.

    """
    import msgspec

    from antiphon.cli.backup_desk import backup_desk, books_text
    from antiphon.clock import SystemClock

    output, desk = Output(as_json=json), backup_desk(place, SystemClock())
    left = desk.left()
    found = None if left else desk.proof()  # books of an older form are proven once they have today's
    at = desk.back_up(file)
    if json:
        books = None if found is None else msgspec.to_builtins(found)
        output.json({"file": str(at), "size_bytes": at.stat().st_size, "changes_left": len(left), "books": books})
    else:
        output.line(str(at))
        output.note(f"{size_text(at.stat().st_size)}. {'' if found is None else books_text(found)}".rstrip())
        output.note(f"Keep the pepper too, in another place ({desk.pepper}): without it the stored keys are void.")
    return 0 if found is None or found.fault is None else 1


def restore(file: Path, /, *, json: bool = False, place: Place = PlaceFlags()) -> int:
    """Make the database out of a backup and prove its books; the exit code is 1 when they are wrong.

    Parameters
    ----------
    file
        The backup, of this version or an older one; one of SQLite may become a database of PostgreSQL.
    json
        Print JSON.
    place
        Which database; nothing may be stored there yet.

    """
    import msgspec

    from antiphon.cli.backup_desk import backup_desk, books_text
    from antiphon.clock import SystemClock

    output, desk = Output(as_json=json), backup_desk(place, SystemClock())
    desk.restore(file)
    found = desk.proof()
    if json:
        output.json({"form": desk.form, "books": msgspec.to_builtins(found)})
    else:
        output.line(books_text(found))
        output.note(f"Restored, in the form of this version ({desk.form}). Its pepper has to be in place, too.")
    return 0 if found.fault is None else 1
