-- What keys and accounts have used of their limits, where several gateways count together. `full_at_ns` is when all of
-- it has come back, by the database's own clock, and `rest` what that division by the rate left over.
CREATE TABLE limit_rates (
    scale TEXT NOT NULL CHECK (scale IN ('key', 'account')),
    unit TEXT NOT NULL CHECK (unit IN ('requests', 'tokens')),
    name TEXT NOT NULL,
    per_minute BIGINT NOT NULL CHECK (per_minute > 0),
    full_at_ns BIGINT NOT NULL,
    rest BIGINT NOT NULL,
    PRIMARY KEY (name, scale, unit)
);

-- The runs of gateways that have requests of keys which may have only so many at once. Those of a run that has not
-- said for some seconds that it is alive do not count.
CREATE TABLE limit_runs (
    run TEXT PRIMARY KEY,
    alive_at_us BIGINT NOT NULL
);

CREATE TABLE limit_running (
    run TEXT NOT NULL,
    scale TEXT NOT NULL CHECK (scale IN ('key', 'account')),
    name TEXT NOT NULL,
    requests BIGINT NOT NULL CHECK (requests >= 0),
    PRIMARY KEY (name, scale, run)
);
CREATE INDEX limit_running_by_run ON limit_running (run);
