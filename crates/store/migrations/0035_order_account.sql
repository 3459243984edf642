-- On which account a decision about an order was made, as its record in the journal says: none on the
-- account that the folder began with, and where it concerns none.

ALTER TABLE order_decision ADD COLUMN account TEXT;
CREATE INDEX order_decision_account ON order_decision (account, seq) WHERE account IS NOT NULL;
