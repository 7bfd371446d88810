-- The nodes that may answer a key's requests, as JSON, and what a model may cost that it uses, in micro-USDC for 1,000,000
-- tokens; NULL: anything.
ALTER TABLE keys ADD COLUMN nodes TEXT NOT NULL DEFAULT '[]';
ALTER TABLE keys ADD COLUMN prompt_price_max BIGINT CHECK (prompt_price_max >= 0);
ALTER TABLE keys ADD COLUMN completion_price_max BIGINT CHECK (completion_price_max >= 0);
