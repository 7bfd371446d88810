"""How long interactions are kept: as their project says, else as the gateway does. Pure."""

from __future__ import annotations

from msgspec import Struct

from antiphon.projects.model import Project

DAY_MS = 86_400_000
FOREVER = 0  # days


class Retention(Struct, frozen=True):
    """Days for which interactions are kept where no project says otherwise; 0: until somebody deletes them."""

    days: int

    def cut_off_ms(self, project: Project | None, now_ms: int) -> int | None:
        """The moment before which those of a project are too old, None where none are; no project: those without."""
        days = self.days if project is None or project.keep_days is None else project.keep_days
        return None if days == FOREVER else now_ms - days * DAY_MS
