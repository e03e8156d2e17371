-- Version 1 of the ledger.

CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    rounds INTEGER NOT NULL DEFAULT 0 CHECK (rounds >= 0),
    -- 0 unknown, 1 kept, 2 reverted, 3 edited.
    fate INTEGER NOT NULL DEFAULT 0 CHECK (fate BETWEEN 0 AND 3)
) STRICT;

CREATE TABLE call (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run (id),
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    task TEXT NOT NULL,
    local INTEGER NOT NULL CHECK (local IN (0, 1)),
    -- When it was reserved: milliseconds since 1970.
    at INTEGER NOT NULL CHECK (at >= 0),
    -- Micro-dollars: what was reserved while `outcome` is null, then what was spent.
    charge INTEGER NOT NULL CHECK (charge >= 0),
    -- Null while open; 0 ok, 1 failed, 2 cancelled, 3 nothing was sent.
    outcome INTEGER CHECK (outcome BETWEEN 0 AND 3),
    prompt INTEGER NOT NULL DEFAULT 0,
    cached INTEGER NOT NULL DEFAULT 0,
    completion INTEGER NOT NULL DEFAULT 0,
    -- Microseconds.
    first_token INTEGER,
    whole INTEGER NOT NULL DEFAULT 0,
    retries INTEGER NOT NULL DEFAULT 0,
    failover INTEGER NOT NULL DEFAULT 0
) STRICT;

-- All that the sums of a window need, so that they read nothing else.
CREATE INDEX call_by_time ON call (at, provider, charge, outcome);
CREATE INDEX call_by_run ON call (run, charge);
CREATE INDEX call_by_model ON call (provider, model, id) WHERE outcome = 0;

CREATE TABLE state (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
