package store

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func TestMigrationsAreNumberedWithoutGaps(t *testing.T) {
	for i, name := range migrationNames() {
		if !strings.HasPrefix(filepath.Base(name), fmt.Sprintf("%04d_", i+1)) {
			t.Errorf("%s is migration %d", name, i+1)
		}
	}
}
