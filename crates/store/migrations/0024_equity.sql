-- What an account was worth at the end of each trading day, in US dollars: for the curve of a month, whose
-- executions the exchange no longer holds. The day counts from 1970-01-01.

CREATE TABLE equity (
    account TEXT NOT NULL,
    day BIGINT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (account, day)
);
