-- What a node's operator calls it by together with others, as words with blanks between them.
ALTER TABLE nodes ADD COLUMN tags TEXT NOT NULL DEFAULT '';
