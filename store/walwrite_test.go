package store

import (
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// frame is what a page takes in the WAL, whose header is walHeader long. Bytes.
const (
	walHeader = 32
	frame     = 24 + pageSize
)

// openJoinedConn opens a fresh file with a page cache of ten pages, so that a
// transaction of more is in the WAL before it is committed.
func openJoinedConn(t *testing.T) (conn *writeConn, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "joined.db")
	opts := DefaultOptions()
	opts.CacheBytes = 10 * pageSize
	conn, err := openWriteConn(t.Context(), writerDSN(path, "rwc", opts))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.close() })
	execEach(t, conn, "CREATE TABLE rows(id INTEGER PRIMARY KEY, text TEXT)")
	return conn, path
}

func execEach(t *testing.T, conn *writeConn, statements ...string) {
	t.Helper()
	err := conn.use(func() error {
		for _, s := range statements {
			if _, err := conn.exec(s); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// insertRows inserts n rows of about a page each.
func insertRows(n int) string {
	return fmt.Sprintf(`INSERT INTO rows(text) WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < %d)
		SELECT hex(zeroblob(1900)) FROM i`, n)
}

// checkRows reads the file as another program does.
func checkRows(t *testing.T, path string, want int) {
	t.Helper()
	if rows := dump(t, path, "SELECT count(*) FROM rows")[0]; rows != fmt.Sprint(want) {
		t.Errorf("another connection reads %s rows, want %d", rows, want)
	}
	if sound := dump(t, path, "PRAGMA integrity_check")[0]; sound != "ok" {
		t.Errorf("integrity_check: %s", sound)
	}
}

func TestJoinedWALWaitsForCommit(t *testing.T) {
	t.Parallel()
	conn, path := openJoinedConn(t)
	execEach(t, conn, truncateWAL, "BEGIN", insertRows(18))
	if size := fileSize(path + "-wal"); size != walHeader {
		t.Errorf("WAL has %d bytes before the commit, want its header of %d alone", size, walHeader)
	}
	execEach(t, conn, "COMMIT")
	if size := fileSize(path + "-wal"); size < walHeader+18*frame || (size-walHeader)%frame != 0 {
		t.Errorf("WAL has %d bytes after the commit, want whole frames of %d, at least 18", size, frame)
	}
	checkRows(t, path, 18)
}

func TestJoinedWALShowsTheWriterItsOwnPages(t *testing.T) {
	t.Parallel()
	conn, path := openJoinedConn(t)
	execEach(t, conn, "BEGIN", insertRows(200),
		"UPDATE rows SET text = text || 'x' WHERE id % 3 = 0", // pages that are in the WAL already
		"DELETE FROM rows WHERE id % 3 = 0 AND text NOT LIKE '%x'",
		"COMMIT")
	checkRows(t, path, 200)
}

func TestJoinedWALForgetsWhatIsRolledBack(t *testing.T) {
	t.Parallel()
	conn, path := openJoinedConn(t)
	execEach(t, conn, "BEGIN", insertRows(150), "ROLLBACK", insertRows(30), truncateWAL, insertRows(5))
	checkRows(t, path, 35)
}

// What is below a file in these tests: a disk that is full.
func noWrite(*libc.TLS, uintptr, uintptr, int32, int64) int32 { return sqlite3.SQLITE_FULL }
func emptySync(*libc.TLS, uintptr, int32) int32               { return sqlite3.SQLITE_OK }

func TestJoinedWALDoesNotSyncWhatItCannotWrite(t *testing.T) {
	t.Parallel()
	tls := libc.NewTLS()
	defer tls.Close()
	f := new(joinedFile)
	f.below.FxWrite, f.below.FxSync = entry(noWrite), entry(emptySync)
	opened := &sqlite3.Tsqlite3_file{FpMethods: uintptr(unsafe.Pointer(f))}
	file, data := uintptr(unsafe.Pointer(opened)), new([frame]byte)

	if rc := writeJoined(tls, file, uintptr(unsafe.Pointer(data)), frame, walHeader); rc != sqlite3.SQLITE_OK {
		t.Errorf("a write that waits returns %d", rc)
	}
	if rc := syncJoined(tls, file, 0); rc != sqlite3.SQLITE_FULL {
		t.Errorf("sync of what cannot be written returns %d, want %d", rc, sqlite3.SQLITE_FULL)
	}
	if rc := syncJoined(tls, file, 0); rc != sqlite3.SQLITE_OK || f.n != 0 {
		t.Errorf("sync after that returns %d, and %d bytes wait; want none", rc, f.n)
	}
	runtime.KeepAlive(opened)
	runtime.KeepAlive(data)
}
