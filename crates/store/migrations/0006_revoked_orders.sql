-- Whether a revocation takes the credential's resting orders along: the server may stop between the two.
ALTER TABLE credential ADD COLUMN revoked_orders BIGINT NOT NULL DEFAULT 0 CHECK (revoked_orders IN (0, 1));
