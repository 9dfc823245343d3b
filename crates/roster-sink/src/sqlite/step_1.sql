-- What consumers follow.  A first load of a district is one row: operation load, without a record.
CREATE TABLE changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL,
    district_id TEXT NOT NULL,
    entity TEXT,
    id TEXT,
    source_id TEXT,
    operation TEXT NOT NULL,
    at TEXT NOT NULL
);

-- Every run; report is the whole record as JSON.
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    district_id TEXT NOT NULL,
    connector TEXT NOT NULL,
    outcome TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT NOT NULL,
    seconds REAL NOT NULL,
    peak_memory_bytes INTEGER NOT NULL,
    report TEXT NOT NULL
);
CREATE INDEX runs_started_at ON runs (started_at);
CREATE INDEX runs_district_id ON runs (district_id, started_at);

-- Findings of a run, by code and severity; examples are JSON.
CREATE TABLE diagnostics (
    run_id TEXT NOT NULL,
    district_id TEXT NOT NULL,
    code TEXT NOT NULL,
    severity TEXT NOT NULL,
    count INTEGER NOT NULL,
    examples TEXT NOT NULL
);
CREATE INDEX diagnostics_run_id ON diagnostics (run_id);

-- What waits for a person: which limit was breached, by how much, and what was decided.
CREATE TABLE holds (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    district_id TEXT NOT NULL,
    entity TEXT NOT NULL,
    school_source_id TEXT,
    rule TEXT NOT NULL,
    records INTEGER NOT NULL,
    of_records INTEGER NOT NULL,
    detail TEXT,
    state TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    decided_at TEXT,
    decided_by TEXT,
    reason TEXT
);
CREATE INDEX holds_district_id ON holds (district_id, state);

-- What people decided, in order; rows are only ever added.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    district_id TEXT,
    run_id TEXT,
    hold_id TEXT,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    reason TEXT,
    detail TEXT
);

-- How often each district was published, first and last by which run.
CREATE TABLE districts (
    district_id TEXT PRIMARY KEY,
    basis INTEGER NOT NULL,
    first_run TEXT NOT NULL,
    last_run TEXT NOT NULL
);

-- Homeroom's own: hashes of what is published, in chunks, and what later nights changed in them.
CREATE TABLE published_index (
    district_id TEXT NOT NULL,
    entity TEXT NOT NULL,
    chunk INTEGER NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (district_id, entity, chunk)
);
CREATE TABLE published_index_patches (
    district_id TEXT NOT NULL,
    entity TEXT NOT NULL,
    basis INTEGER NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (district_id, entity, basis)
);
