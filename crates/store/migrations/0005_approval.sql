-- Approvals that phones are asked for, and the phones that answer them.

CREATE TABLE approval (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id),
    asker TEXT NOT NULL,
    content TEXT NOT NULL,
    number TEXT,
    tries_left BIGINT NOT NULL,
    asked_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    say TEXT,
    answered_by TEXT,
    answered_at BIGINT
);
CREATE INDEX approval_person ON approval (person);

ALTER TABLE device ADD COLUMN approver BIGINT NOT NULL DEFAULT 0 CHECK (approver IN (0, 1));
ALTER TABLE device ADD COLUMN phone_number TEXT;
