-- Payments in USDC, from before they are settled on. A wallet's authorization is kept once: by chain, token, wallet and
-- nonce. `attempt_until_ms` is until when a gateway is at work on it; `from_block` the first that can hold the transfer.
CREATE TABLE topups (
    id TEXT PRIMARY KEY,
    network TEXT NOT NULL,
    asset TEXT NOT NULL,
    pay_to TEXT NOT NULL,
    payer TEXT NOT NULL,
    nonce TEXT NOT NULL,
    account TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    valid_before BIGINT NOT NULL,
    from_block BIGINT NOT NULL CHECK (from_block >= 0),
    state TEXT NOT NULL CHECK (state IN ('settling', 'credited', 'dead')),
    tx_hash TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    attempt_until_ms BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    UNIQUE (network, asset, payer, nonce),
    CHECK ((state = 'credited') = (tx_hash <> '')),
    CHECK ((state = 'settling') = (ended_at_ms IS NULL))
);
CREATE INDEX topups_by_state ON topups (state, id);
