-- What tells this database from every other: a plan that was made for one is not for another.
CREATE TABLE store (id TEXT PRIMARY KEY);
INSERT INTO store (id) VALUES (lower(hex(randomblob(16))));
