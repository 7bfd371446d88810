-- What campaigns count by: numbers only, so it stays when interactions are deleted. `unit` stands for what was assigned.
ALTER TABLE interactions ADD COLUMN unit BIGINT;

-- One row for each request that took part, whatever was stored of it. Times are empty where nothing came.
CREATE TABLE campaign_requests (
    answer_id TEXT PRIMARY KEY,
    campaign_id TEXT NOT NULL,
    variant TEXT NOT NULL,
    unit BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    latency_ms DOUBLE PRECISION,
    ttft_ms DOUBLE PRECISION,
    cost_micro_usdc BIGINT NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    failed INTEGER NOT NULL,
    refused INTEGER NOT NULL
);
-- Read in order and without the table: all of a campaign's units, one after the other.
CREATE INDEX campaign_requests_by_unit ON campaign_requests (
    campaign_id, variant, unit, at_ms, latency_ms, ttft_ms, cost_micro_usdc, prompt_tokens, completion_tokens, failed,
    refused
);

-- What stands of what people said, once more beside feedback and outcomes: `subject` is a completion or a session,
-- `who` stands for who said it of that subject. What is said anew changes the row.
CREATE TABLE campaign_scores (
    campaign_id TEXT NOT NULL,
    metric_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('direct', 'outcome')),
    subject TEXT NOT NULL,
    who BIGINT NOT NULL,
    variant TEXT NOT NULL,
    unit BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (campaign_id, metric_id, kind, subject, who)
);
CREATE INDEX campaign_scores_by_unit ON campaign_scores (
    campaign_id, metric_id, kind, variant, unit, at_ms, value
);

-- The same of comparisons between completions of two variants; `first_id` sorts before `second_id`.
CREATE TABLE campaign_preferences (
    campaign_id TEXT NOT NULL,
    metric_id TEXT NOT NULL,
    first_id TEXT NOT NULL,
    second_id TEXT NOT NULL,
    who BIGINT NOT NULL,
    preferred TEXT NOT NULL,
    other TEXT NOT NULL,
    tied INTEGER NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, metric_id, first_id, second_id, who)
);
