-- Above what the orders of a person's sessions are asked for, in US dollars; none asks for none. Whoever
-- has no row chose nothing.

CREATE TABLE large_order (
    person TEXT PRIMARY KEY REFERENCES person (id),
    above TEXT
);
