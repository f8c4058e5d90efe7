-- Rows that every schema since 3 can hold. Rowids of observers have gaps, so
-- that counting them anew would show.
INSERT INTO observers(rowid, id, name, iata, last_seen, first_seen, packet_count, model, noise_floor) VALUES
  (3, 'AAAA0000000000000000000000000000000000000000000000000000000000A1', 'Alpha', 'SEA', '2026-03-02T00:00:00Z', '2026-03-01T00:00:00Z', 5, 'Heltec', -117),
  (7, 'BBBB0000000000000000000000000000000000000000000000000000000000B2', 'Bravo', 'PDX', '2026-03-03T00:00:00Z', '2026-03-01T00:00:00Z', 2, NULL, -110.5),
  (8, 'status-only', 'Charlie', 'SEA', '2026-03-04T00:00:00Z', '2026-03-04T00:00:00Z', 9, NULL, NULL);
INSERT INTO nodes(public_key, name, role, lat, lon, last_seen, first_seen, advert_count) VALUES
  ('c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1', 'One', 'repeater', 47.5, -122.25, '2026-03-02T00:00:00Z', '2026-02-01T00:00:00Z', 12),
  ('c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2', 'Two', 'companion', NULL, NULL, '2026-03-01T00:00:00Z', '2026-02-02T00:00:00Z', 1);
INSERT INTO transmissions(id, raw_hex, hash, first_seen, route_type, payload_type, payload_version, decoded_json, created_at) VALUES
  (4, '110100', '0000000000000004', '2026-03-01T00:00:00Z', 1, 4, 0, '{"type":"ADVERT","pubKey":"C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1C1"}', '2026-03-01 00:00:00'),
  (5, '150100', '0000000000000005', '2026-03-01T00:00:10Z', 1, 5, 0, '{"type":"CHAN","channel":"public","text":"hi"}', '2026-03-01 00:00:10'),
  (6, '150100', '0000000000000006', '2026-03-01T00:00:20Z', 1, 5, 0, '{"type":"GRP_TXT","channelHashHex":"7F"}', '2026-03-01 00:00:20'),
  (9, '090100', '0000000000000009', '2026-03-01T00:00:30Z', 1, 2, 0, '{"type":"TXT_MSG"}', '2026-03-01 00:00:30');
INSERT INTO observations(id, transmission_id, observer_idx, direction, snr, rssi, score, path_json, timestamp) VALUES
  (10, 4, 3, 'rx', 8.5, -92.0, 100, '["AA"]', 1772323200),
  (11, 4, 7, 'rx', 2.0, -101.0, NULL, '["AA","BB"]', 1772323205),
  (12, 5, 7, NULL, NULL, NULL, 75, '[]', 1772323210),
  (20, 6, 3, 'tx', 1.0, -90.0, 30, '[]', 1772323300),
  (21, 6, NULL, 'rx', 1.0, -90.0, 30, '[]', 1772323220);
