-- The first of CoreScope's ingestors: schema 3, no view, no marks.
CREATE TABLE nodes (
  public_key TEXT PRIMARY KEY, name TEXT, role TEXT, lat REAL, lon REAL,
  last_seen TEXT, first_seen TEXT, advert_count INTEGER DEFAULT 0
);
CREATE TABLE observers (
  id TEXT PRIMARY KEY, name TEXT, iata TEXT, last_seen TEXT, first_seen TEXT,
  packet_count INTEGER DEFAULT 0, model TEXT, firmware TEXT, client_version TEXT, radio TEXT,
  battery_mv INTEGER, uptime_secs INTEGER, noise_floor INTEGER
);
CREATE INDEX idx_nodes_last_seen ON nodes(last_seen);
CREATE INDEX idx_observers_last_seen ON observers(last_seen);
CREATE TABLE transmissions (
  id INTEGER PRIMARY KEY AUTOINCREMENT, raw_hex TEXT NOT NULL, hash TEXT NOT NULL UNIQUE,
  first_seen TEXT NOT NULL, route_type INTEGER, payload_type INTEGER, payload_version INTEGER,
  decoded_json TEXT, created_at TEXT DEFAULT (datetime('now'))
);
CREATE INDEX idx_transmissions_hash ON transmissions(hash);
CREATE INDEX idx_transmissions_first_seen ON transmissions(first_seen);
CREATE INDEX idx_transmissions_payload_type ON transmissions(payload_type);
CREATE TABLE observations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, transmission_id INTEGER NOT NULL REFERENCES transmissions(id),
  observer_idx INTEGER, direction TEXT, snr REAL, rssi REAL, score INTEGER, path_json TEXT,
  timestamp INTEGER NOT NULL
);
CREATE INDEX idx_observations_transmission_id ON observations(transmission_id);
CREATE INDEX idx_observations_observer_idx ON observations(observer_idx);
CREATE INDEX idx_observations_timestamp ON observations(timestamp);
CREATE UNIQUE INDEX idx_observations_dedup ON observations(transmission_id, observer_idx, COALESCE(path_json, ''));
