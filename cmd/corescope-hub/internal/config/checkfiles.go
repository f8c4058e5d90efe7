package config

import "path/filepath"

// checkStatsFile finds a stats file that would replace, every second, a file that
// is needed for something else.
func (c *Config) checkStatsFile() error {
	const key = "hub.corescope.statsFile"
	stats := c.Hub.CoreScope.StatsFile
	if stats == "" {
		return nil
	}
	db := c.DBPath
	for _, f := range []struct{ what, name string }{
		{"dbPath", db}, {"dbPath", db + "-wal"}, {"dbPath", db + "-shm"}, {"dbPath", db + "-journal"}, {"dbPath", db + ".lock"},
		{"the config file", c.file},
		{"channelKeysPath", c.ChannelKeysPath},
		{"hub.broker.auth.usersFile", c.Hub.Broker.Auth.UsersFile},
		{"hub.broker.tls.certFile", c.Hub.Broker.TLS.CertFile},
		{"hub.broker.tls.keyFile", c.Hub.Broker.TLS.KeyFile},
	} {
		if f.name != "" && (sameFile(stats, f.name) || sameFile(stats+".tmp", f.name)) {
			return c.fail(key, quote(stats), "would overwrite a file of "+f.what, "choose a name of its own")
		}
	}
	return nil
}

// sameFile says whether two paths are the same name. They may lead to files that
// are not there yet, so only links of directories are followed.
func sameFile(a, b string) bool { return realName(a) == realName(b) }

func realName(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	dir, base := filepath.Split(path)
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return filepath.Join(dir, base)
}
