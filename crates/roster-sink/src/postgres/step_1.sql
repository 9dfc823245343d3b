-- Which steps were taken.
CREATE TABLE homeroom.migrations (
    version integer PRIMARY KEY,
    taken_at timestamptz NOT NULL DEFAULT now()
);

-- What consumers follow, each district by itself: seq grows with a district's nights, but beside another district's night
-- that is not committed yet.  A first load of a district is one row: operation load, without a record.
CREATE TABLE homeroom.changes (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    run_id text COLLATE "C" NOT NULL,
    district_id text COLLATE "C" NOT NULL,
    entity text COLLATE "C",
    id uuid,
    source_id text COLLATE "C",
    operation text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (district_id, seq)
);

-- Every run; report is the whole record.
CREATE TABLE homeroom.runs (
    id text COLLATE "C" PRIMARY KEY,
    district_id text COLLATE "C" NOT NULL,
    connector text NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    seconds double precision NOT NULL,
    peak_memory_bytes bigint NOT NULL,
    report jsonb NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX runs_started_at ON homeroom.runs (started_at);
CREATE INDEX runs_district_id ON homeroom.runs (district_id, started_at);

-- Findings of a run, by code and severity.
CREATE TABLE homeroom.diagnostics (
    run_id text COLLATE "C" NOT NULL,
    district_id text COLLATE "C" NOT NULL,
    code text COLLATE "C" NOT NULL,
    severity text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    examples jsonb NOT NULL
);
CREATE INDEX diagnostics_run_id ON homeroom.diagnostics (run_id);

-- What waits for a person: which limit was breached, by how much, and what was decided.
CREATE TABLE homeroom.holds (
    id text COLLATE "C" PRIMARY KEY,
    run_id text COLLATE "C" NOT NULL,
    district_id text COLLATE "C" NOT NULL,
    entity text COLLATE "C" NOT NULL,
    school_source_id text COLLATE "C",
    rule text COLLATE "C" NOT NULL,
    records bigint NOT NULL,
    of_records bigint NOT NULL,
    detail text,
    state text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    decided_at timestamptz,
    decided_by text,
    reason text
);
CREATE INDEX holds_district_id ON homeroom.holds (district_id, state);

-- What people decided, in order; rows are only ever added.
CREATE TABLE homeroom.audit (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    district_id text COLLATE "C",
    run_id text COLLATE "C",
    hold_id text COLLATE "C",
    actor text NOT NULL,
    action text NOT NULL,
    reason text,
    detail text
);

-- How often each district was published, first and last by which run.
CREATE TABLE homeroom.districts (
    district_id text COLLATE "C" PRIMARY KEY,
    basis bigint NOT NULL,
    first_run text COLLATE "C" NOT NULL,
    last_run text COLLATE "C" NOT NULL
);

-- Homeroom's own: hashes of what is published, in chunks, and what later nights changed in them.  Hashes do not compress.
CREATE TABLE homeroom.published_index (
    district_id text COLLATE "C" NOT NULL,
    entity text COLLATE "C" NOT NULL,
    chunk bigint NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (district_id, entity, chunk)
);
ALTER TABLE homeroom.published_index ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE TABLE homeroom.published_index_patches (
    district_id text COLLATE "C" NOT NULL,
    entity text COLLATE "C" NOT NULL,
    basis bigint NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (district_id, entity, basis)
);
ALTER TABLE homeroom.published_index_patches ALTER COLUMN data SET STORAGE EXTERNAL;
