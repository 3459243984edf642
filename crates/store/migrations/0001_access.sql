-- One set of statements for SQLite and PostgreSQL. Ids, digests, sealed secrets and decimals are
-- TEXT, times are microseconds since 1970 UTC as BIGINT, truth is BIGINT 0 or 1.

CREATE TABLE folder (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE person (
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE mandate (
    person TEXT NOT NULL REFERENCES person (id),
    account TEXT NOT NULL,
    role TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    until_at BIGINT,
    PRIMARY KEY (person, account)
);
CREATE UNIQUE INDEX mandate_owner ON mandate (account) WHERE role = 'owner';

CREATE TABLE authenticator (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('password', 'totp', 'passkey')),
    row_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    sealed TEXT,
    confirmed BIGINT CHECK (confirmed IN (0, 1)),
    last_step BIGINT,
    handle TEXT UNIQUE,
    data TEXT,
    model TEXT,
    backed_up BIGINT CHECK (backed_up IN (0, 1)),
    counter BIGINT
);
CREATE INDEX authenticator_person ON authenticator (person);

CREATE TABLE device (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id),
    token TEXT UNIQUE,
    name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'trusted', 'blocked')),
    trusted_until BIGINT,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    last_address TEXT
);
CREATE INDEX device_person ON device (person);

CREATE TABLE session (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id),
    device TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    interface TEXT NOT NULL,
    methods TEXT NOT NULL,
    address TEXT,
    started_at BIGINT NOT NULL,
    idle BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    receipt TEXT,
    last_seen_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT
);
CREATE INDEX session_live ON session (person) WHERE ended_at IS NULL;

CREATE TABLE credential (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id),
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    token TEXT,
    port BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    revoked_at BIGINT,
    revoked_by TEXT,
    last_used_at BIGINT,
    last_address TEXT,
    last_client TEXT
);
CREATE INDEX credential_person ON credential (person);
CREATE UNIQUE INDEX credential_name ON credential (account, name) WHERE revoked_at IS NULL;
CREATE UNIQUE INDEX credential_port ON credential (port) WHERE revoked_at IS NULL;

CREATE TABLE attempt (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id),
    token TEXT NOT NULL UNIQUE,
    step TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL
);
CREATE INDEX attempt_person ON attempt (person);

CREATE TABLE link (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id),
    token TEXT NOT NULL UNIQUE,
    purpose TEXT NOT NULL,
    until_at BIGINT NOT NULL
);
CREATE INDEX link_person ON link (person);

CREATE TABLE counter (
    person TEXT NOT NULL REFERENCES person (id),
    factor TEXT NOT NULL,
    place TEXT NOT NULL,
    failures BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (person, factor, place)
);

CREATE TABLE stranger (
    name TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE access_lock (
    id TEXT PRIMARY KEY,
    person TEXT REFERENCES person (id),
    account TEXT,
    grade TEXT NOT NULL,
    set_at BIGINT NOT NULL,
    set_by TEXT NOT NULL,
    receipt TEXT NOT NULL,
    lifted_at BIGINT,
    lifted_by TEXT,
    CHECK ((person IS NULL) <> (account IS NULL))
);
CREATE UNIQUE INDEX access_lock_person ON access_lock (person) WHERE lifted_at IS NULL;
CREATE UNIQUE INDEX access_lock_account ON access_lock (account) WHERE lifted_at IS NULL;

CREATE TABLE notice (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id),
    topic TEXT NOT NULL,
    body TEXT NOT NULL,
    code TEXT,
    written_at BIGINT NOT NULL
);
CREATE INDEX notice_person ON notice (person, written_at);

CREATE TABLE evidence_head (
    shard BIGINT PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO evidence_head (shard, seq, hash)
VALUES (0, 0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE TABLE evidence (
    shard BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    happened_at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    event TEXT NOT NULL,
    hash TEXT NOT NULL,
    person TEXT,
    PRIMARY KEY (shard, seq)
);
CREATE INDEX evidence_person ON evidence (person, seq);

CREATE TABLE checkpoint (
    number BIGINT PRIMARY KEY,
    made_at BIGINT NOT NULL,
    access_seq BIGINT NOT NULL,
    access_hash TEXT NOT NULL,
    journal_seq BIGINT NOT NULL,
    journal_hash TEXT NOT NULL,
    signer TEXT NOT NULL,
    signature TEXT NOT NULL
);
