-- The books. What stands in one ledger cannot move into the other: every key below begins with the ledger.
-- `balance` is the sum of the account's entries, `held` what open holds and leases keep back of it. Accounts of the
-- outside world, where money comes from, may be overdrawn.
CREATE TABLE ledger_accounts (
    ledger TEXT NOT NULL CHECK (ledger IN ('USDC', 'DEV')),
    id TEXT NOT NULL,
    balance BIGINT NOT NULL DEFAULT 0,
    held BIGINT NOT NULL DEFAULT 0 CHECK (held >= 0),
    overdraft INTEGER NOT NULL DEFAULT 0 CHECK (overdraft IN (0, 1)),
    PRIMARY KEY (ledger, id),
    CHECK (overdraft = 1 OR balance >= held)
);

INSERT INTO ledger_accounts (ledger, id, overdraft) VALUES
    ('USDC', 'sys:usdc_in', 1), ('USDC', 'sys:usdc_out', 0), ('USDC', 'sys:platform', 0), ('USDC', 'sys:grants', 1),
    ('DEV', 'sys:platform', 0), ('DEV', 'sys:grants', 1);

-- Rows are added and never changed. Each journal's hash covers its entries and the hash before it.
CREATE TABLE ledger_journals (
    ledger TEXT NOT NULL,
    number BIGINT NOT NULL CHECK (number > 0),
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (ledger, number)
);

CREATE TABLE ledger_entries (
    ledger TEXT NOT NULL,
    number BIGINT NOT NULL,
    account TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (ledger, number, account),
    FOREIGN KEY (ledger, number) REFERENCES ledger_journals (ledger, number),
    FOREIGN KEY (ledger, account) REFERENCES ledger_accounts (ledger, id)
);
CREATE INDEX ledger_entries_by_account ON ledger_entries (ledger, account, number);

-- Where each ledger's chain ends.
CREATE TABLE ledger_heads (
    ledger TEXT PRIMARY KEY,
    number BIGINT NOT NULL,
    hash TEXT NOT NULL
);

INSERT INTO ledger_heads (ledger, number, hash) VALUES ('USDC', 0, ''), ('DEV', 0, '');

-- The runs of gateways that may hold money, each with an epoch that no other run ever had. One whose `beat` stands
-- still for some seconds is dead, and what it held is free again.
CREATE TABLE ledger_gateways (
    epoch BIGINT PRIMARY KEY,
    gateway TEXT NOT NULL,
    beat BIGINT NOT NULL
);

-- One row: the last epoch that was given away.
CREATE TABLE ledger_epochs (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    last BIGINT NOT NULL
);

INSERT INTO ledger_epochs (id, last) VALUES (1, 0);

CREATE TABLE ledger_holds (
    id TEXT PRIMARY KEY,
    ledger TEXT NOT NULL,
    account TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    state TEXT NOT NULL CHECK (state IN ('open', 'captured', 'voided', 'expired')),
    captured BIGINT NOT NULL DEFAULT 0 CHECK (captured >= 0 AND captured <= amount),
    epoch BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    FOREIGN KEY (ledger, account) REFERENCES ledger_accounts (ledger, id),
    CHECK (state = 'captured' OR captured = 0)
);
CREATE INDEX ledger_holds_open ON ledger_holds (epoch, expires_at_ms) WHERE state = 'open';

-- What a gateway's run may admit requests against without asking: `granted` less `spent`. `recalled` is 1 while others
-- want back what is not used of it, and 2 once that was given back.
CREATE TABLE ledger_leases (
    ledger TEXT NOT NULL,
    account TEXT NOT NULL,
    epoch BIGINT NOT NULL REFERENCES ledger_gateways (epoch),
    granted BIGINT NOT NULL,
    spent BIGINT NOT NULL DEFAULT 0 CHECK (spent >= 0),
    recalled INTEGER NOT NULL DEFAULT 0 CHECK (recalled IN (0, 1, 2)),
    PRIMARY KEY (ledger, account, epoch),
    FOREIGN KEY (ledger, account) REFERENCES ledger_accounts (ledger, id),
    CHECK (granted >= spent)
);
CREATE INDEX ledger_leases_by_epoch ON ledger_leases (epoch);
