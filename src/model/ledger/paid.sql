-- Version 2: what was paid, so that nobody who asks a model that costs nothing reads through all that did.
CREATE INDEX call_paid ON call (provider, at, model, charge, outcome) WHERE charge > 0;
