-- What a node said last that it serves, as JSON, so that a gateway knows it from its start on.
ALTER TABLE nodes ADD COLUMN hello TEXT;
