-- An account is a thing of its own, with a version; so far each was known by the mandates on it alone.
CREATE TABLE account (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    base_currency TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    closed_at BIGINT
);
INSERT INTO account (id, version, purpose, base_currency, opened_at, closed_at)
SELECT account, 1, 'trading', 'USD', MIN(granted_at), NULL FROM mandate GROUP BY account;
CREATE INDEX mandate_account ON mandate (account);
