-- Payments to owners of nodes, from before they are sent. The token takes each nonce of a wallet once, so a payment that
-- is sent again moves nothing; `from_block` is the first block that can hold the transfer.
CREATE TABLE payouts (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    network TEXT NOT NULL,
    asset TEXT NOT NULL,
    payer TEXT NOT NULL,
    nonce TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    valid_before BIGINT NOT NULL,
    from_block BIGINT NOT NULL CHECK (from_block >= 0),
    state TEXT NOT NULL CHECK (state IN ('sending', 'paid', 'dead')),
    tx_hash TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    created_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    UNIQUE (network, asset, payer, nonce),
    CHECK ((state = 'paid') = (tx_hash <> '')),
    CHECK ((state = 'sending') = (ended_at_ms IS NULL))
);
-- One payment to an owner is on its way at most.
CREATE UNIQUE INDEX payouts_on_their_way ON payouts (owner) WHERE state = 'sending';

-- The accounts that a payment is taken from, and how much of each.
CREATE TABLE payout_parts (
    payout TEXT NOT NULL REFERENCES payouts (id),
    account TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    PRIMARY KEY (payout, account)
);
