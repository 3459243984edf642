-- What an account is permitted and limited to. Those that there are may trade what there was when they began.
ALTER TABLE account ADD COLUMN products TEXT NOT NULL DEFAULT '["stock"]';
ALTER TABLE account ADD COLUMN limits TEXT NOT NULL DEFAULT '{"max_quantity":null,"max_notional":null,"collar_bps":null,"max_open_orders":null,"duplicate_window":null}';
