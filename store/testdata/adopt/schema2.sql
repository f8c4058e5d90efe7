-- CoreScope's Node server, schema 2: observations name their observer.
CREATE TABLE nodes (public_key TEXT PRIMARY KEY, name TEXT, role TEXT, lat REAL, lon REAL,
  last_seen TEXT, first_seen TEXT, advert_count INTEGER DEFAULT 0);
CREATE TABLE observers (id TEXT PRIMARY KEY, name TEXT, iata TEXT, last_seen TEXT, first_seen TEXT,
  packet_count INTEGER DEFAULT 0);
CREATE TABLE transmissions (id INTEGER PRIMARY KEY AUTOINCREMENT, raw_hex TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE, first_seen TEXT NOT NULL, route_type INTEGER, payload_type INTEGER,
  payload_version INTEGER, decoded_json TEXT, created_at TEXT DEFAULT (datetime('now')));
CREATE TABLE observations (id INTEGER PRIMARY KEY AUTOINCREMENT,
  transmission_id INTEGER NOT NULL REFERENCES transmissions(id), hash TEXT NOT NULL, observer_id TEXT,
  observer_name TEXT, direction TEXT, snr REAL, rssi REAL, score INTEGER, path_json TEXT,
  timestamp TEXT NOT NULL, created_at TEXT DEFAULT (datetime('now')));
