-- When somebody may look next at what a campaign has gathered: gateways take turns, so that more of them look no more.
ALTER TABLE campaigns ADD COLUMN look_after_ms BIGINT NOT NULL DEFAULT 0;
