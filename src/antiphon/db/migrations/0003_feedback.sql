CREATE TABLE metrics (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    scoring_type TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    UNIQUE (account, key)
);

-- All that was ever said, as it was said. `user_id` is '' where nobody was named, so that it can be part of a key.
-- `created_at_ms` is when it was meant, `recorded_at_ms` when it came.
CREATE TABLE feedback (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    completion_id TEXT NOT NULL REFERENCES interactions (completion_id) ON DELETE CASCADE,
    metric_id TEXT NOT NULL REFERENCES metrics (id),
    user_id TEXT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    reason TEXT,
    details TEXT,
    created_at_ms BIGINT NOT NULL,
    recorded_at_ms BIGINT NOT NULL
);
CREATE INDEX feedback_by_completion ON feedback (completion_id, recorded_at_ms, id);
CREATE INDEX feedback_by_metric ON feedback (metric_id, recorded_at_ms);

CREATE TABLE comparisons (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    project_id TEXT NOT NULL,
    metric_id TEXT NOT NULL REFERENCES metrics (id),
    preferred_id TEXT NOT NULL REFERENCES interactions (completion_id) ON DELETE CASCADE,
    other_id TEXT NOT NULL REFERENCES interactions (completion_id) ON DELETE CASCADE,
    tied TEXT,
    user_id TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX comparisons_by_preferred ON comparisons (preferred_id);
CREATE INDEX comparisons_by_other ON comparisons (other_id);
CREATE INDEX comparisons_by_metric ON comparisons (metric_id, created_at_ms);

CREATE TABLE outcomes (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    project_id TEXT NOT NULL,
    metric_id TEXT NOT NULL REFERENCES metrics (id),
    session_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    created_at_ms BIGINT NOT NULL,
    FOREIGN KEY (account, session_id) REFERENCES sessions (account, session_id) ON DELETE CASCADE
);
CREATE INDEX outcomes_by_session ON outcomes (account, session_id, created_at_ms);
CREATE INDEX outcomes_by_metric ON outcomes (metric_id, created_at_ms);

-- What counts of it: the last word of each user on each subject. Written beside the row above, in the same transaction.
CREATE TABLE feedback_standing (
    completion_id TEXT NOT NULL REFERENCES interactions (completion_id) ON DELETE CASCADE,
    metric_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    feedback_id TEXT NOT NULL,
    PRIMARY KEY (completion_id, metric_id, user_id)
);
CREATE INDEX feedback_standing_by_metric ON feedback_standing (metric_id, completion_id);

-- A pair is the same whichever of the two was preferred: `first_id` sorts before `second_id`.
CREATE TABLE comparisons_standing (
    first_id TEXT NOT NULL REFERENCES interactions (completion_id) ON DELETE CASCADE,
    second_id TEXT NOT NULL REFERENCES interactions (completion_id) ON DELETE CASCADE,
    metric_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    comparison_id TEXT NOT NULL,
    PRIMARY KEY (first_id, second_id, metric_id, user_id)
);
CREATE INDEX comparisons_standing_by_second ON comparisons_standing (second_id);
CREATE INDEX comparisons_standing_by_metric ON comparisons_standing (metric_id);

CREATE TABLE outcomes_standing (
    account TEXT NOT NULL,
    session_id TEXT NOT NULL,
    metric_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    outcome_id TEXT NOT NULL,
    PRIMARY KEY (account, session_id, metric_id, user_id),
    FOREIGN KEY (account, session_id) REFERENCES sessions (account, session_id) ON DELETE CASCADE
);
CREATE INDEX outcomes_standing_by_metric ON outcomes_standing (metric_id);
