-- What tells this database from every other: a plan that was made for one is not for another.
CREATE TABLE homeroom.store (id text COLLATE "C" PRIMARY KEY);
INSERT INTO homeroom.store (id) VALUES (replace(gen_random_uuid()::text, '-', ''));
