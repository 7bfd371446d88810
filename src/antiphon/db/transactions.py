"""How works become transactions: those that write share one and its commit, those that read have one each."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.db.pending import Pending
from antiphon.db.session import Session

GROUP_MAX = 128


def commit_together(session: Session, group: Sequence[Pending]) -> None:
    """Run the works in one transaction, each in a savepoint, so that one that fails is undone alone."""
    session.begin()
    if len(group) == 1:
        if group[0].run(session):
            session.commit()
        else:
            session.rollback()
        return
    for pending in group:
        session.savepoint()
        if pending.run(session):
            session.release()
        else:
            session.undo()
    session.commit()


def read_each(session: Session, group: Sequence[Pending]) -> None:
    """Run each work in a snapshot of its own."""
    for pending in group:
        session.begin()
        pending.run(session)
        session.rollback()
