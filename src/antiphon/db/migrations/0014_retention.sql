-- When an interaction came here: its age for retention, also where somebody added it with an earlier time.
ALTER TABLE interactions ADD COLUMN kept_at_ms BIGINT NOT NULL DEFAULT 0;
UPDATE interactions SET kept_at_ms = created_at_ms;
CREATE INDEX interactions_by_age ON interactions (project_id, kept_at_ms);

-- What is deleted when its time is up, and when somebody looks next: of all gateways, one at a time does.
CREATE TABLE sweeps (
    name TEXT PRIMARY KEY,
    next_at_ms BIGINT NOT NULL
);
