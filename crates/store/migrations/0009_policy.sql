-- What people chose for their interfaces, when they renew their sessions, and whether one session of
-- theirs holds trading. Of a session: how surely and by what its person was proven, the networks that
-- it was used from, and whether its end was announced.

CREATE TABLE policy (
    person TEXT NOT NULL REFERENCES person (id),
    interface TEXT NOT NULL,
    tempo TEXT NOT NULL,
    new_network TEXT NOT NULL,
    needs TEXT NOT NULL,
    PRIMARY KEY (person, interface)
);

-- "window" is a word of SQL.
CREATE TABLE renewal (
    person TEXT PRIMARY KEY REFERENCES person (id),
    weekday BIGINT NOT NULL,
    minute BIGINT NOT NULL,
    zone TEXT NOT NULL
);

CREATE TABLE brokerage (
    person TEXT PRIMARY KEY REFERENCES person (id),
    holder TEXT,
    since BIGINT NOT NULL
);

ALTER TABLE session ADD COLUMN proven_by TEXT NOT NULL DEFAULT '[]';
ALTER TABLE session ADD COLUMN assurance TEXT NOT NULL DEFAULT 'one';
ALTER TABLE session ADD COLUMN networks TEXT NOT NULL DEFAULT '[]';
ALTER TABLE session ADD COLUMN announced BIGINT NOT NULL DEFAULT 0 CHECK (announced IN (0, 1));
UPDATE session SET proven_by = methods;
UPDATE session SET assurance = 'two' WHERE methods LIKE '%"password"%';
UPDATE session SET assurance = 'resistant' WHERE methods LIKE '%"passkey"%';
