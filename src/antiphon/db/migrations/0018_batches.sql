-- Files of requests, and of answers. What was uploaded lies in pieces of whole lines; a file of answers has none, its
-- lines are those of its batch.
CREATE TABLE files (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    purpose TEXT NOT NULL,
    name TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    batch_id TEXT,
    good INTEGER
);
CREATE INDEX files_by_time ON files (account, created_at_ms, id);
CREATE INDEX files_by_expiry ON files (expires_at_ms);

CREATE TABLE file_pieces (
    file_id TEXT NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (file_id, number)
);

-- A batch belongs to a run of a gateway until a moment; when that has passed, another may go on with it.
CREATE TABLE batches (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    status TEXT NOT NULL,
    document TEXT NOT NULL,
    completed BIGINT NOT NULL DEFAULT 0,
    failed BIGINT NOT NULL DEFAULT 0,
    runner TEXT NOT NULL DEFAULT '',
    until_ms BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX batches_by_time ON batches (account, created_at_ms, id);
CREATE INDEX batches_running ON batches (created_at_ms)
    WHERE status IN ('validating', 'in_progress', 'finalizing', 'cancelling');

-- One row for each request that has its answer, which is charged only once it stands here.
CREATE TABLE batch_answers (
    batch_id TEXT NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    good INTEGER NOT NULL,
    size_bytes BIGINT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (batch_id, number)
);
