-- Named lists of messages. `owner` is an account, '' for public channels. `last_number` and `last_at_ms` are those of the
-- last message. `revision` counts changes of members and `deletions` deleted messages, so that gateways look again.
CREATE TABLE channels (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    last_number BIGINT NOT NULL DEFAULT 0 CHECK (last_number >= 0),
    last_at_ms BIGINT NOT NULL DEFAULT 0,
    revision BIGINT NOT NULL DEFAULT 0,
    deletions BIGINT NOT NULL DEFAULT 0,
    UNIQUE (owner, name)
);

-- Who may use a channel, its owner among them; the account '' is everybody. A channel is only ever looked for here, by
-- the account that asks: one that is for others is not found because there is no such row, as if there was no channel.
CREATE TABLE channel_members (
    account TEXT NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    channel_id TEXT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    PRIMARY KEY (account, owner, name)
);
CREATE INDEX channel_members_by_channel ON channel_members (channel_id, account);

-- Numbers are given in the order of commits. `once_name` stands for the Idempotency-Key that a message was posted with,
-- `once_fingerprint` for all that was asked.
CREATE TABLE channel_messages (
    channel_id TEXT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    number BIGINT NOT NULL CHECK (number > 0),
    author TEXT NOT NULL,
    author_name TEXT NOT NULL,
    author_type TEXT NOT NULL CHECK (author_type IN ('api', 'discord')),
    content TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    once_name TEXT,
    once_fingerprint TEXT,
    PRIMARY KEY (channel_id, number),
    CHECK ((once_name IS NULL) = (once_fingerprint IS NULL))
);
CREATE UNIQUE INDEX channel_messages_by_time ON channel_messages (channel_id, created_at_ms);
CREATE UNIQUE INDEX channel_messages_once ON channel_messages (once_name) WHERE once_name IS NOT NULL;

-- When an account may post all that a minute allows again, in microseconds since 1970 by the database's clock.
CREATE TABLE channel_rates (
    account TEXT PRIMARY KEY,
    full_at_us BIGINT NOT NULL
);
CREATE INDEX channel_rates_by_rest ON channel_rates (full_at_us);
