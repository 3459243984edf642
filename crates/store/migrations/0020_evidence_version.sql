-- How an entry of evidence is hashed. Version 1 left out whose it is; from version 2 on every column is
-- hashed. Entries that are there keep their version and verify by it.

ALTER TABLE evidence ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
