-- A mandate is an edge with an id, a grantor and terms of its own, and one that is revoked keeps its row. Those that there are get the id of
-- their person, who had one; kinds of orders are listed as they were then. An account may have several owners.
CREATE TABLE mandate_edge (
    id TEXT PRIMARY KEY,
    grantor TEXT NOT NULL,
    person TEXT NOT NULL REFERENCES person (id),
    account TEXT NOT NULL,
    role TEXT NOT NULL,
    acts TEXT NOT NULL,
    products TEXT NOT NULL,
    order_kinds TEXT NOT NULL,
    conditions TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    until_at BIGINT,
    revoked_at BIGINT,
    revoked_by TEXT
);
INSERT INTO mandate_edge (id, grantor, person, account, role, acts, products, order_kinds, conditions, granted_at, until_at)
SELECT 'mdt_' || substr(person, 5), 'system', person, account, role, acts, products, '["market","limit","stop","stop_limit"]',
    '{"hours":"always","addresses":"any","limits":{"max_quantity":null,"max_notional":null,"collar_bps":null,"max_open_orders":null,"duplicate_window":null}}',
    granted_at, until_at
FROM mandate;
DROP TABLE mandate;
ALTER TABLE mandate_edge RENAME TO mandate;
CREATE UNIQUE INDEX mandate_live ON mandate (person, account) WHERE revoked_at IS NULL;
CREATE INDEX mandate_on ON mandate (account) WHERE revoked_at IS NULL;

-- Scopes list kinds of orders behind the products.
UPDATE credential SET scopes = replace(scopes, ',"symbols":', ',"order_kinds":["market","limit","stop","stop_limit"],"symbols":')
WHERE scopes LIKE '{"acts":[%' AND scopes NOT LIKE '%"order_kinds":%';
