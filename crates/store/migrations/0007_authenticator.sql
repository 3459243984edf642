-- Recovery codes are a kind of authenticator, and a passkey may be suspect. SQLite cannot change a
-- CHECK, so the table is made anew; the index of handles has a name of its own on both engines.

CREATE TABLE authenticator_new (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('password', 'totp', 'passkey', 'recovery_codes')),
    row_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    sealed TEXT,
    confirmed BIGINT CHECK (confirmed IN (0, 1)),
    last_step BIGINT,
    handle TEXT,
    data TEXT,
    model TEXT,
    backed_up BIGINT CHECK (backed_up IN (0, 1)),
    counter BIGINT,
    suspect_at BIGINT,
    codes TEXT
);
INSERT INTO authenticator_new (id, person, name, kind, row_version, created_at, last_used_at, sealed,
    confirmed, last_step, handle, data, model, backed_up, counter)
SELECT id, person, name, kind, row_version, created_at, last_used_at, sealed,
    confirmed, last_step, handle, data, model, backed_up, counter
FROM authenticator;
DROP TABLE authenticator;
ALTER TABLE authenticator_new RENAME TO authenticator;
CREATE INDEX authenticator_person ON authenticator (person);
CREATE UNIQUE INDEX authenticator_handle ON authenticator (handle);
