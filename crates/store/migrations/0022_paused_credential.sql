-- A credential can be paused: since when, by whom, and whether its resting orders go too, for the
-- server may stop between the two.

ALTER TABLE credential ADD COLUMN paused_at BIGINT;
ALTER TABLE credential ADD COLUMN paused_by TEXT;
ALTER TABLE credential ADD COLUMN paused_orders BIGINT NOT NULL DEFAULT 0 CHECK (paused_orders IN (0, 1));
