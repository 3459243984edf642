-- Recoveries, the contacts and the rest that a person chose for theirs, and until when one holds a session.

CREATE TABLE recovery (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id),
    token TEXT NOT NULL UNIQUE,
    stop TEXT NOT NULL UNIQUE,
    begun_at BIGINT NOT NULL,
    due_at BIGINT,
    body TEXT NOT NULL
);
CREATE INDEX recovery_person ON recovery (person);
CREATE INDEX recovery_due ON recovery (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE trustee (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id),
    trustee TEXT,
    body TEXT NOT NULL
);
CREATE INDEX trustee_person ON trustee (person);
CREATE INDEX trustee_trustee ON trustee (trustee);

CREATE TABLE recovery_policy (
    person TEXT PRIMARY KEY REFERENCES person (id),
    body TEXT NOT NULL
);

ALTER TABLE session ADD COLUMN held_until BIGINT;
