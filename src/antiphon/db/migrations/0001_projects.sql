-- Projects that are kept, as JSON documents; beside each document stands what it is found by.
CREATE TABLE projects (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL
);

-- One row, counted up by every change, so that a gateway sees at little cost whether it has to read them again.
CREATE TABLE project_changes (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    number BIGINT NOT NULL
);

INSERT INTO project_changes (id, number) VALUES (1, 0);
