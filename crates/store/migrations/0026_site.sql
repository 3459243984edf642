-- Failed tries by the address that they came from, over all names: by when each address is forgiven. In a
-- table, so that a restart forgives nobody.

CREATE TABLE site (
    name TEXT PRIMARY KEY,
    forgiven_at BIGINT NOT NULL
);
