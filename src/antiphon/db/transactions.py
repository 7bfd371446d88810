"""How works become transactions: those that write share one and its commit, those that read have one each."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.db.pending import Pending
from antiphon.db.session import Session

GROUP_MAX = 128


def commit_together(session: Session, group: Sequence[Pending]) -> None:
    """Run the works in one transaction, so that one commit makes all of them durable; one that fails is undone alone.

    Most groups have no work that fails, so savepoints, which cost more than many a work, come only when one did: then
    the transaction is undone and all works run again.
    """
    session.begin()
    if not all(pending.run(session) for pending in group):
        session.rollback()
        if len(group) == 1:
            return
        session.begin()
        for pending in group:
            _run_alone(session, pending)
    session.commit()


def read_each(session: Session, group: Sequence[Pending]) -> None:
    """Run each work in a snapshot of its own."""
    for pending in group:
        session.begin()
        pending.run(session)
        session.rollback()


def _run_alone(session: Session, pending: Pending) -> None:
    session.savepoint()
    if pending.run(session):
        session.release()
    else:
        session.undo()
