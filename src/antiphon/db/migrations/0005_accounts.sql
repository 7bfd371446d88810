-- Who owns keys: a wallet, by its address with its checksum, or a name that an operator gave.
CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    created_at_ms BIGINT NOT NULL
);

-- Keys, but for the keys themselves: `digest` is their HMAC under the pepper that `pepper_id` names, which is kept
-- elsewhere. `first` and `last` are the characters that people may see. Limits of 0 and a cap of NULL are none; names
-- stand in TEXT as JSON. `changed` is the number of the last change to a key that may have been in use.
CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    kind TEXT NOT NULL CHECK (kind IN ('live', 'test')),
    name TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    pepper_id TEXT NOT NULL,
    first TEXT NOT NULL,
    last TEXT NOT NULL,
    scopes TEXT NOT NULL,
    models TEXT NOT NULL,
    projects TEXT NOT NULL,
    requests_per_minute BIGINT NOT NULL CHECK (requests_per_minute >= 0),
    tokens_per_minute BIGINT NOT NULL CHECK (tokens_per_minute >= 0),
    parallel_max BIGINT NOT NULL CHECK (parallel_max >= 0),
    spend_cap BIGINT CHECK (spend_cap >= 0),
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT,
    revoked_at_ms BIGINT,
    replaced_by TEXT,
    changed BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX keys_by_account ON keys (account, created_at_ms, id);
CREATE INDEX keys_by_change ON keys (changed);

-- One row, counted up by every change to a key that may have been in use, so that a gateway sees at little cost which
-- of the keys that it holds in memory it has to forget.
CREATE TABLE key_changes (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    number BIGINT NOT NULL
);

INSERT INTO key_changes (id, number) VALUES (1, 0);

-- Nonces that led to a key, each kept until it would be refused for its age.
CREATE TABLE used_nonces (
    nonce TEXT PRIMARY KEY,
    expires_at_ms BIGINT NOT NULL
);
CREATE INDEX used_nonces_by_expiry ON used_nonces (expires_at_ms);
