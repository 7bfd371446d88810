-- Machines that serve models: `owner` is a wallet's address, `nkey` the public key that the node has at the broker.
-- `epoch` counts its leases; whoever has an older one is not heard.
CREATE TABLE nodes (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    nkey TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('active', 'drained', 'banned')),
    epoch BIGINT NOT NULL CHECK (epoch >= 0),
    created_at_ms BIGINT NOT NULL,
    seen_at_ms BIGINT NOT NULL
);
CREATE INDEX nodes_by_owner ON nodes (owner);

-- Leave for one machine to become a node, but for the secret: `digest` is its HMAC under a pepper that is kept elsewhere.
-- `node` is who used it.
CREATE TABLE node_invites (
    id TEXT PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    name TEXT,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    node TEXT
);
CREATE INDEX node_invites_by_expiry ON node_invites (expires_at_ms);

-- Keys that the broker lets in no more, though credentials given to them before that time have not expired yet.
CREATE TABLE node_revocations (
    nkey TEXT PRIMARY KEY,
    revoked_at_ms BIGINT NOT NULL
);

-- What the gateways of one database share to have one broker, sealed under a pepper.
CREATE TABLE node_secrets (
    name TEXT PRIMARY KEY,
    sealed TEXT NOT NULL
);

-- One row, counted up by every change, so that a gateway sees at little cost whether it has to read the nodes again.
CREATE TABLE node_changes (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    number BIGINT NOT NULL
);

INSERT INTO node_changes (id, number) VALUES (1, 0);
