-- Where phones are told that an approval waits. Address and shared secret are sealed.

CREATE TABLE push (
    device TEXT PRIMARY KEY REFERENCES device (id),
    person TEXT NOT NULL REFERENCES person (id),
    endpoint TEXT NOT NULL,
    service TEXT NOT NULL,
    public_key TEXT NOT NULL,
    auth TEXT NOT NULL,
    shows BIGINT NOT NULL CHECK (shows IN (0, 1)),
    created_at BIGINT NOT NULL,
    failures BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX push_person ON push (person);
