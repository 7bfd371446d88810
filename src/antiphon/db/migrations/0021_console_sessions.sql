-- Who has signed in to the console. `digest` is the HMAC of the cookie under a pepper, which is kept elsewhere. A session
-- is bound to a key: one of this database by `key_id`, or one of the settings by its keyed digest in `named`; an `own`
-- key was made for the session and ends with it.
CREATE TABLE console_sessions (
    digest TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    key_id TEXT NOT NULL,
    named TEXT NOT NULL,
    own INTEGER NOT NULL CHECK (own IN (0, 1)),
    begun_at_ms BIGINT NOT NULL,
    used_at_ms BIGINT NOT NULL,
    ends_at_ms BIGINT NOT NULL
);
CREATE INDEX console_sessions_by_account ON console_sessions (account, used_at_ms);
