"""`antiphon upgrade`: what the next start would do to the database, done by itself and with a backup."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from antiphon.cli.key_flags import PlaceFlags
from antiphon.cli.output import Output


def upgrade(
    *,
    check: bool = False,
    backup: Path | None = None,
    without_backup: bool = False,
    json: bool = False,
    place: Annotated[PlaceFlags, Parameter(name="*")] = PlaceFlags(),
) -> int:
    """Back the database up, bring it to the form of this version, and prove its books.

    Parameters
    ----------
    check
        Only tell what would be changed; the exit code is 1 when anything would be.
    backup
        The backup's name, or a folder; without it, a name by the time in the current folder.
    without_backup
        Make no backup, since there is one.
    json
        Print JSON.
    place
        Which database.

    """
    from antiphon.cli.backup_desk import backup_desk, books_text
    from antiphon.clock import SystemClock

    output, desk = Output(as_json=json), backup_desk(place, SystemClock())
    left = [str(migration) for migration in desk.left()]
    if not left or check:
        if json:
            output.json({"form": desk.form, "changes": left, "backup": None, "books": None})
        elif left:
            output.line("\n".join(left))
            output.note(f"{len(left)} changes are to be made; without --check they are.")
        else:
            output.note(f"The database has the form of this version ({desk.form}): nothing is to be done.")
        return 1 if left else 0
    at = None if without_backup else desk.back_up(backup)
    if at is not None:
        output.note(f"Backed up as {at}.")
    desk.migrate()
    found = desk.proof()
    if json:
        import msgspec

        told = None if at is None else str(at)
        output.json({"form": desk.form, "changes": left, "backup": told, "books": msgspec.to_builtins(found)})
    else:
        output.line("\n".join(left))
        output.note(f"The database has the form of this version ({desk.form}). {books_text(found)}")
    return 0 if found.fault is None else 1
