-- One row for each stored completion. `choice` is its index in the answer; JSON stands in TEXT.
CREATE TABLE interactions (
    completion_id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    answer_id TEXT NOT NULL,
    choice INTEGER NOT NULL,
    source TEXT NOT NULL,
    project_id TEXT,
    door TEXT NOT NULL,
    request_id TEXT NOT NULL,
    model TEXT,
    node TEXT NOT NULL,
    session_id TEXT,
    user_id TEXT,
    campaign TEXT,
    variant TEXT,
    prompt_hash TEXT NOT NULL,
    messages TEXT NOT NULL,
    completion TEXT NOT NULL,
    finish_reason TEXT,
    error TEXT,
    parameters TEXT NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    cached_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    queued_ms DOUBLE PRECISION,
    ttft_ms DOUBLE PRECISION,
    total_ms DOUBLE PRECISION,
    labels TEXT NOT NULL,
    tags TEXT NOT NULL
);

-- Every list is read along one of these, newest or oldest first; the id decides between equal times.
CREATE INDEX interactions_by_time ON interactions (account, created_at_ms, completion_id);
CREATE INDEX interactions_by_project ON interactions (account, project_id, created_at_ms, completion_id);
CREATE INDEX interactions_by_model ON interactions (account, model, created_at_ms, completion_id);
CREATE INDEX interactions_by_prompt ON interactions (account, prompt_hash, created_at_ms, completion_id);
CREATE INDEX interactions_by_answer ON interactions (account, answer_id);
CREATE INDEX interactions_by_session ON interactions (account, session_id, created_at_ms, completion_id)
    WHERE session_id IS NOT NULL;
CREATE INDEX interactions_by_user ON interactions (account, user_id, created_at_ms, completion_id)
    WHERE user_id IS NOT NULL;
CREATE INDEX interactions_by_campaign ON interactions (account, campaign, variant, created_at_ms, completion_id)
    WHERE campaign IS NOT NULL;

-- Labels and tags once more, each with what a list needs, so that a page is one range of one index.
CREATE TABLE interaction_labels (
    completion_id TEXT NOT NULL REFERENCES interactions (completion_id) ON DELETE CASCADE,
    account TEXT NOT NULL,
    label TEXT NOT NULL,
    value TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (completion_id, label)
);
CREATE INDEX interaction_labels_by_value
    ON interaction_labels (account, label, value, created_at_ms, completion_id);

CREATE TABLE interaction_tags (
    completion_id TEXT NOT NULL REFERENCES interactions (completion_id) ON DELETE CASCADE,
    account TEXT NOT NULL,
    tag TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (completion_id, tag)
);
CREATE INDEX interaction_tags_by_tag ON interaction_tags (account, tag, created_at_ms, completion_id);

-- Which sessions there are, and when their first and last stored turns were.
CREATE TABLE sessions (
    account TEXT NOT NULL,
    session_id TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    last_at_ms BIGINT NOT NULL,
    PRIMARY KEY (account, session_id)
);
CREATE INDEX sessions_by_time ON sessions (account, last_at_ms, session_id);
