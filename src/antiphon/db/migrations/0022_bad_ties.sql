-- Of comparisons that ended in a tie, whether both completions were bad; those that were counted before count as good.
ALTER TABLE campaign_preferences ADD COLUMN tied_bad INTEGER NOT NULL DEFAULT 0;
