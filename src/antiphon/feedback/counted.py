"""What campaigns count of what people say: a copy in numbers, beside what stands. Within the same work.

It stays when the interaction is deleted, so it holds neither words nor who said them: `who` only tells apart those who
spoke of the same subject. Only what was assigned by chance is counted, which is what has a unit.
"""

from __future__ import annotations

from hashlib import blake2b

from antiphon.db import Connection
from antiphon.feedback.model import Comparison, Feedback, Outcome

SCORE = (
    "INSERT INTO campaign_scores (campaign_id, metric_id, kind, subject, who, variant, unit, at_ms, value)"
    " SELECT c.id, :metric_id, :kind, :subject, :who, MIN(i.variant), MIN(i.unit), :at_ms, :value"
    " FROM interactions AS i JOIN campaigns AS c ON c.account = i.account AND c.key = i.campaign"
)
SAID_ANEW = (
    " GROUP BY c.id HAVING COUNT(DISTINCT i.variant) = 1"
    " ON CONFLICT (campaign_id, metric_id, kind, subject, who) DO UPDATE SET value = excluded.value"
)
PREFERENCE = (
    "INSERT INTO campaign_preferences"
    " (campaign_id, metric_id, first_id, second_id, who, preferred, other, tied, tied_bad, at_ms)"
    " SELECT c.id, :metric_id, :first_id, :second_id, :who, p.variant, o.variant, :tied, :tied_bad, :at_ms"
    " FROM interactions AS p JOIN interactions AS o ON o.account = p.account AND o.campaign = p.campaign"
    " JOIN campaigns AS c ON c.account = p.account AND c.key = p.campaign"
    " WHERE p.completion_id = :preferred_id AND o.completion_id = :other_id AND p.variant <> o.variant"
    " ON CONFLICT (campaign_id, metric_id, first_id, second_id, who) DO UPDATE"
    " SET preferred = excluded.preferred, other = excluded.other, tied = excluded.tied, tied_bad = excluded.tied_bad"
)


def count_feedback(connection: Connection, given: Feedback) -> None:
    """Count feedback on a completion that a campaign's variant made; any other counts nowhere."""
    connection.run(
        f"{SCORE} WHERE i.completion_id = :subject AND i.unit IS NOT NULL{SAID_ANEW}",
        metric_id=given.metric_id,
        kind="direct",
        subject=given.completion_id,
        who=who(given.completion_id, given.user),
        at_ms=given.created_at_ms,
        value=given.value,
    )


def count_outcome(connection: Connection, given: Outcome) -> None:
    """Count the outcome of a session that had one variant of a campaign only."""
    connection.run(
        f"{SCORE} WHERE i.account = :account AND i.session_id = :session_id AND i.unit IS NOT NULL{SAID_ANEW}",
        account=given.account,
        metric_id=given.metric_id,
        kind="outcome",
        subject=_unnamed(given.account, given.session_id),
        session_id=given.session_id,
        who=who(given.session_id, given.user),
        at_ms=given.created_at_ms,
        value=given.value,
    )


def count_comparison(connection: Connection, given: Comparison) -> None:
    """Count a comparison of completions that two variants of one campaign made."""
    first, second = sorted((given.preferred_id, given.other_id))
    connection.run(
        PREFERENCE,
        metric_id=given.metric_id,
        first_id=first,
        second_id=second,
        who=who(first + second, given.user),
        preferred_id=given.preferred_id,
        other_id=given.other_id,
        tied=int(given.tied is not None),
        tied_bad=int(given.tied == "bad"),
        at_ms=given.created_at_ms,
    )


def _unnamed(account: str, session_id: str) -> str:
    """What stands for a session: its id is the caller's own, and may say whose it is."""
    key = blake2b(account.encode(), digest_size=32).digest()
    return blake2b(session_id.encode("utf-8", "surrogatepass"), digest_size=16, key=key).hexdigest()


def who(subject: str, user: str | None) -> int:
    """64 bits that are the same for the same user on the same subject, and for no two subjects."""
    key = blake2b(subject.encode("utf-8", "surrogatepass"), digest_size=32).digest()
    named = (user or "").encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(named, digest_size=8, key=key).digest(), signed=True)
