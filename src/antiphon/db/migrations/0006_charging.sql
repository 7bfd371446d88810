-- What each request of a key that spends credit took, and what was charged for it; kept for some time, then forgotten.
-- `content` is the receipt as JSON; what is charged stands in the books as the journal `use:` and the id.
CREATE TABLE receipts (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    request_id TEXT NOT NULL,
    ledger TEXT NOT NULL,
    held BIGINT NOT NULL,
    charged BIGINT NOT NULL,
    ended_at_ms BIGINT NOT NULL,
    content TEXT NOT NULL,
    CHECK (charged >= 0 AND charged <= held)
);
CREATE INDEX receipts_by_request ON receipts (account, request_id);
CREATE INDEX receipts_by_end ON receipts (ended_at_ms);

-- What keys with a spend cap have spent of it. A key that replaced another goes on with the other's `budget`, which has
-- the id of the first of them; `spent` counts there.
CREATE TABLE budgets (
    id TEXT PRIMARY KEY,
    budget TEXT NOT NULL,
    spent BIGINT NOT NULL DEFAULT 0 CHECK (spent >= 0)
);
CREATE INDEX keys_by_successor ON keys (replaced_by) WHERE replaced_by IS NOT NULL;

-- What requests under way may still spend of a budget; it ends with the run of the gateway that serves them.
CREATE TABLE budget_holds (
    id TEXT PRIMARY KEY,
    budget TEXT NOT NULL,
    epoch BIGINT NOT NULL REFERENCES ledger_gateways (epoch),
    amount BIGINT NOT NULL CHECK (amount > 0)
);
CREATE INDEX budget_holds_by_budget ON budget_holds (budget);
CREATE INDEX budget_holds_by_epoch ON budget_holds (epoch);
