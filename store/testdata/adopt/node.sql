-- CoreScope's Node server, schema 3, as its migration from schema 2 leaves it:
-- observations was renamed, user_version is 3.
PRAGMA user_version = 3;
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
CREATE TABLE observations_v3 (
  id INTEGER PRIMARY KEY AUTOINCREMENT, transmission_id INTEGER NOT NULL REFERENCES transmissions(id),
  observer_idx INTEGER, direction TEXT, snr REAL, rssi REAL, score INTEGER, path_json TEXT,
  timestamp INTEGER NOT NULL
);
ALTER TABLE observations_v3 RENAME TO observations;
CREATE INDEX idx_observations_transmission_id ON observations(transmission_id);
CREATE INDEX idx_observations_observer_idx ON observations(observer_idx);
CREATE INDEX idx_observations_timestamp ON observations(timestamp);
CREATE UNIQUE INDEX idx_observations_dedup ON observations(transmission_id, observer_idx, COALESCE(path_json, ''));
CREATE VIEW packets_v AS
  SELECT o.id, t.raw_hex, datetime(o.timestamp, 'unixepoch') AS timestamp,
         obs.id AS observer_id, obs.name AS observer_name,
         o.direction, o.snr, o.rssi, o.score, t.hash, t.route_type,
         t.payload_type, t.payload_version, o.path_json, t.decoded_json, t.created_at
  FROM observations o
  JOIN transmissions t ON t.id = o.transmission_id
  LEFT JOIN observers obs ON obs.rowid = o.observer_idx;
