-- What is thought of nodes. `passed` and `failed` are the checks that are left of all, faded as of `at_ms`; `accused` is
-- the kind of check by which a node was found to lie, since when it gets no work.
CREATE TABLE trust_nodes (
    node TEXT PRIMARY KEY,
    passed DOUBLE PRECISION NOT NULL,
    failed DOUBLE PRECISION NOT NULL,
    at_ms BIGINT NOT NULL,
    accused TEXT,
    since_ms BIGINT NOT NULL
);

-- How the test of each kind stands: the logarithm of its ratio in millionths, and all checks that went into it.
CREATE TABLE trust_tallies (
    node TEXT NOT NULL,
    kind TEXT NOT NULL,
    ratio BIGINT NOT NULL CHECK (ratio >= 0),
    checks BIGINT NOT NULL,
    failures BIGINT NOT NULL CHECK (failures <= checks),
    PRIMARY KEY (node, kind)
);

-- Checks that failed, the latest of each node.
CREATE TABLE trust_evidence (
    id TEXT PRIMARY KEY,
    node TEXT NOT NULL,
    kind TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    content TEXT NOT NULL
);
CREATE INDEX trust_evidence_by_node ON trust_evidence (node, at_ms);
