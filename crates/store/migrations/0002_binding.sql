-- Keys that browsers hold: a device's, the session's that it signs with, and one in hardware. What a
-- device may be used for, and whether more than a typed code stands behind it. When the person of a
-- session was proven last.

ALTER TABLE device ADD COLUMN public_key TEXT;
ALTER TABLE device ADD COLUMN role TEXT NOT NULL DEFAULT 'administer';
ALTER TABLE device ADD COLUMN confirmed BIGINT NOT NULL DEFAULT 1 CHECK (confirmed IN (0, 1));

ALTER TABLE session ADD COLUMN public_key TEXT;
ALTER TABLE session ADD COLUMN hardware_key TEXT;
ALTER TABLE session ADD COLUMN proven_at BIGINT NOT NULL DEFAULT 0;
UPDATE session SET proven_at = started_at;
