"""Queries of a channel."""

from __future__ import annotations

import pytest

from antiphon.channels.asking import Asked, Cursor, Wanted, read_asked
from antiphon.errors import BadRequest

ID = "msg-0123456789abcdef01234567000000000010"
AT_ID = Cursor(number=16, channel_id="ch-0123456789abcdef01234567")


def ask(query: str, last_event_id: str = "") -> Asked:
    """What a query asks of a gateway that lets wait for a minute."""
    return read_asked(query, last_event_id, wait_s_max=60)


def test_all_that_may_be_asked() -> None:
    """Alone and together; where a stream broke off counts before where it had begun."""
    assert ask("channel=general") == Asked("general", Wanted(50))
    assert ask(f"channel=a%2Fb&limit=200&after={ID}") == Asked("a/b", Wanted(200, after=AT_ID))
    assert ask(f"channel=c&before={ID}").wanted.before == AT_ID
    assert ask("channel=c&before=1970-01-01T00:00:01Z").wanted.before == Cursor(at_ms=1000)
    assert ask("channel=c&wait=2.5").wait_s == 2.5
    follow = ask("channel=c&follow=true&after=1970-01-01", ID)
    assert (follow.follow, follow.wanted.after) == (True, AT_ID)
    assert ask("channel=c", ID).wanted.after is None


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("", "channel"),
        ("channel=", "channel"),
        ("channel=c&channel=c", "channel"),
        ("channel=" + "x" * 513, "channel"),
        ("channel=c&limit=0", "limit"),
        ("channel=c&limit=201", "limit"),
        ("channel=c&limit=1.0", "limit"),
        ("channel=c&before=now", "before"),
        ("channel=c&after=msg-1", "after"),
        ("channel=c&wait=61", "wait"),
        ("channel=c&wait=-1", "wait"),
        ("channel=c&wait=1e1", "wait"),
        ("channel=c&follow=1", "follow"),
        (f"channel=c&before={ID}&wait=1", "before"),
        (f"channel=c&before={ID}&follow=true", "before"),
        ("channel=c&offset=1", None),
        ("channel=%ff", None),
        ("&".join(f"a{number}=1" for number in range(17)), None),
    ],
)
def test_what_is_refused(query: str, param: str | None) -> None:
    """By its field."""
    with pytest.raises(BadRequest) as refused:
        ask(query)
    assert refused.value.param == param
