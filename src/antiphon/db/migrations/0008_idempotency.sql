-- Requests with an Idempotency-Key and their answers. `name` stands for the account and its key, `fingerprint` for what
-- was asked; `sealed` can be opened only by whoever sends the request again. While an answer is running it belongs to a
-- run of a gateway; 'dropped' is one that was given and is not kept.
CREATE TABLE idempotency_answers (
    name TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'kept', 'dropped')),
    run TEXT NOT NULL,
    sealed TEXT,
    size BIGINT NOT NULL DEFAULT 0 CHECK (size >= 0),
    expires_at_ms BIGINT NOT NULL,
    CHECK ((state = 'kept') = (sealed IS NOT NULL))
);
CREATE INDEX idempotency_answers_by_expiry ON idempotency_answers (expires_at_ms);
CREATE INDEX idempotency_answers_kept ON idempotency_answers (account, expires_at_ms, name, size) WHERE state = 'kept';
CREATE INDEX idempotency_answers_running ON idempotency_answers (run) WHERE state = 'running';

-- Runs that have answers under way, each with the time of its last beat by its own clock: others look only at whether it
-- stands still.
CREATE TABLE idempotency_runs (
    id TEXT PRIMARY KEY,
    beat_ms BIGINT NOT NULL
);

-- About how many bytes are kept for an account: never fewer than there are, and counted anew when they are too many.
CREATE TABLE idempotency_accounts (
    account TEXT PRIMARY KEY,
    kept_bytes BIGINT NOT NULL
);
