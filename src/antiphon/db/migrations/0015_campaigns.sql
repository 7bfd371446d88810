-- Campaigns, as JSON documents; beside each document stands what it is found by. `changed` is the number of the change
-- that it was written by, so that a gateway reads only those that it has not seen.
CREATE TABLE campaigns (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    project_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('draft', 'running', 'paused', 'stopped', 'archived')),
    created_at_ms BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (account, key)
);
CREATE INDEX campaigns_by_time ON campaigns (account, created_at_ms, id);
CREATE INDEX campaigns_by_change ON campaigns (changed);

-- One row, counted up by every change.
CREATE TABLE campaign_changes (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    number BIGINT NOT NULL
);

INSERT INTO campaign_changes (id, number) VALUES (1, 0);
