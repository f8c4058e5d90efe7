package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The stats file replaces whatever has its name, every second.
func TestStatsFileMustHaveANameOfItsOwn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		stats, dbPath string
		want          string // part of the error
	}{
		{dir + "/stats.json", dir + "/meshcore.db", ""},
		{"", dir + "/meshcore.db", ""},
		{dir + "/meshcore.db", dir + "/meshcore.db", "a file of dbPath"},
		{dir + "/../" + filepath.Base(dir) + "/meshcore.db-wal", dir + "/meshcore.db", "a file of dbPath"},
		{link + "/meshcore.db.lock", dir + "/meshcore.db", "a file of dbPath"},
		{dir + "/meshcore", dir + "/meshcore.tmp", "a file of dbPath"},
		{"data/meshcore.db", "./data/meshcore.db", "a file of dbPath"},
		{dir + "/users", dir + "/meshcore.db", "a file of hub.broker.auth.usersFile"},
	} {
		c := Default()
		c.DBPath, c.Hub.CoreScope.StatsFile, c.Hub.Broker.Auth.UsersFile = tc.dbPath, tc.stats, dir+"/users"
		switch err := c.Check(); {
		case tc.want == "" && err != nil:
			t.Errorf("stats file %s: %v", tc.stats, err)
		case tc.want != "" && (err == nil || !strings.Contains(err.Error(), "would overwrite "+tc.want)):
			t.Errorf("stats file %s of database %s: got %v, want an error with %q", tc.stats, tc.dbPath, err, tc.want)
		}
	}
}
