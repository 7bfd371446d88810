"""Attempts at engines, as a scrape shows them: counted when their request has ended, of requests that are followed."""

from __future__ import annotations

from antiphon.course import Course, Step
from antiphon.observe.families import NOTED_MAX, HistogramFamily


class AttemptMetrics:
    """How long they took, by operation, model and what they failed of."""

    def __init__(self, durations: HistogramFamily) -> None:
        self._durations = durations

    def followed(self, course: Course, step: Step) -> None:
        """Count the attempts of a request that has ended."""
        if step != "ended" or course.wanted is None:
            return
        for attempt in course.attempts:
            if attempt.ended_at is not None:
                labels = (course.wanted.operation, course.wanted.model, "antiphon", attempt.failure or "")
                series = self._durations.bind(*labels)
                series.observe(attempt.ended_at - attempt.begun_at)
                if len(series.noted) >= NOTED_MAX:
                    series.fold()
