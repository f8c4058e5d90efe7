-- CoreScope's Node server, schema 1: everything in one table.
CREATE TABLE packets (id INTEGER PRIMARY KEY AUTOINCREMENT, raw_hex TEXT NOT NULL, timestamp TEXT NOT NULL,
  observer_id TEXT, hash TEXT, path_json TEXT, decoded_json TEXT);
CREATE TABLE nodes (public_key TEXT PRIMARY KEY, name TEXT);
CREATE TABLE observers (id TEXT PRIMARY KEY, name TEXT);
