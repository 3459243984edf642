-- A credential has a door: a socket of its own, which has a port, or another that all of its credentials have in common, where the token
-- names the credential. All that there are have sockets. No engine's column loses its NOT NULL in the same way on both, so the table is made anew.
CREATE TABLE credential_door (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id),
    account TEXT NOT NULL,
    others TEXT NOT NULL DEFAULT '',
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    door TEXT NOT NULL,
    port BIGINT,
    token TEXT,
    former_token TEXT,
    former_until BIGINT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    revoked_at BIGINT,
    revoked_by TEXT,
    revoked_orders BIGINT NOT NULL DEFAULT 0 CHECK (revoked_orders IN (0, 1)),
    paused_at BIGINT,
    paused_by TEXT,
    paused_orders BIGINT NOT NULL DEFAULT 0 CHECK (paused_orders IN (0, 1)),
    last_used_at BIGINT,
    last_address TEXT,
    last_client TEXT,
    CHECK ((door = 'socket') = (port IS NOT NULL)),
    CHECK (door = 'socket' OR token IS NOT NULL)
);
INSERT INTO credential_door (id, person, account, others, name, scopes, door, port, token, former_token, former_until, created_at, created_by,
    revoked_at, revoked_by, revoked_orders, paused_at, paused_by, paused_orders, last_used_at, last_address, last_client)
SELECT id, person, account, others, name, scopes, 'socket', port, token, former_token, former_until, created_at, created_by,
    revoked_at, revoked_by, revoked_orders, paused_at, paused_by, paused_orders, last_used_at, last_address, last_client
FROM credential;
DROP TABLE credential;
ALTER TABLE credential_door RENAME TO credential;
CREATE INDEX credential_person ON credential (person);
CREATE INDEX credential_account ON credential (account);
CREATE INDEX credential_named ON credential (name);
CREATE UNIQUE INDEX credential_name ON credential (account, name) WHERE revoked_at IS NULL;
CREATE UNIQUE INDEX credential_port ON credential (port) WHERE revoked_at IS NULL;
