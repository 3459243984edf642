-- Limits of everything that a person orders, or a program of theirs, on any account. Nobody had any: it stands as no limits are written.
ALTER TABLE person ADD COLUMN limits TEXT NOT NULL
    DEFAULT '{"max_quantity":null,"max_notional":null,"collar_bps":null,"max_open_orders":null,"duplicate_window":null}';
