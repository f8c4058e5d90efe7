package store

import (
	"fmt"
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// joinedWAL is the name of the VFS that the writer opens its file with. It is the
// operating system's own but for the WAL: what SQLite writes there page by page,
// in two calls for each, goes out in large pieces. In all else a WAL opened like
// this is as any other, for the process and for others.
//
// It is as safe as without, since nothing of a WAL counts before it is synced:
// SQLite tells other connections of a transaction after that, and sync writes
// out what waits first, and fails if that cannot be written. So the connection
// needs synchronous=FULL.
const joinedWAL = "hub"

// maxJoined is the largest piece, in bytes: sixteen pages with their headers.
const maxJoined = 64 << 10

// registerJoinedWAL makes the VFS known, which SQLite wants once per process.
var registerJoinedWAL = sync.OnceValue(func() error {
	tls := libc.NewTLS()
	defer tls.Close()
	own := sqlite3.Xsqlite3_vfs_find(tls, 0)
	v := (*joinedVFS)(memory(sqlite3.Xsqlite3_malloc(tls, int32(unsafe.Sizeof(joinedVFS{})))))
	name, err := libc.CString(joinedWAL)
	if own == 0 || v == nil || err != nil {
		return fmt.Errorf("no memory or no default for the VFS %s", joinedWAL)
	}
	v.Tsqlite3_vfs = *(*sqlite3.Tsqlite3_vfs)(memory(own))
	v.openBelow = v.FxOpen
	v.FpNext, v.FzName, v.FxOpen = 0, name, entry(openJoined)
	if rc := sqlite3.Xsqlite3_vfs_register(tls, uintptr(unsafe.Pointer(v)), 0); rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("register the VFS %s: code %d", joinedWAL, rc)
	}
	return nil
})

// joinedVFS is SQLite's struct, and what it took the place of. It is in SQLite's
// memory, as all is that SQLite points to.
type joinedVFS struct {
	sqlite3.Tsqlite3_vfs
	openBelow uintptr
}

// joinedFile begins with the methods that an open WAL has instead of those below,
// so the file's own pointer to its methods leads here.
type joinedFile struct {
	sqlite3.Tsqlite3_io_methods
	below  sqlite3.Tsqlite3_io_methods
	offset int64 // in the file, of waiting[0]
	n      int   // bytes of waiting that are used
	bytes  [maxJoined]byte
}

// openJoined is the VFS's xOpen.
func openJoined(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32 {
	open := method[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32]((*joinedVFS)(memory(vfs)).openBelow)
	rc := open(tls, vfs, name, file, flags, outFlags)
	if rc != sqlite3.SQLITE_OK || flags&sqlite3.SQLITE_OPEN_WAL == 0 {
		return rc
	}
	f := (*joinedFile)(memory(sqlite3.Xsqlite3_malloc(tls, int32(unsafe.Sizeof(joinedFile{})))))
	if f == nil {
		return rc // it is an ordinary WAL then
	}
	opened := (*sqlite3.Tsqlite3_file)(memory(file))
	f.below = *(*sqlite3.Tsqlite3_io_methods)(memory(opened.FpMethods))
	f.Tsqlite3_io_methods, f.n = f.below, 0
	f.FxClose, f.FxRead, f.FxWrite = entry(closeJoined), entry(readJoined), entry(writeJoined)
	f.FxTruncate, f.FxSync, f.FxFileSize = entry(truncateJoined), entry(syncJoined), entry(sizeJoined)
	opened.FpMethods = uintptr(unsafe.Pointer(f))
	return rc
}

func joinedOf(file uintptr) *joinedFile {
	return (*joinedFile)(memory((*sqlite3.Tsqlite3_file)(memory(file)).FpMethods))
}

// writeJoined keeps what continues the piece that waits.
func writeJoined(tls *libc.TLS, file, data uintptr, size int32, offset int64) int32 {
	f, n := joinedOf(file), int(size)
	if offset != f.offset+int64(f.n) || f.n+n > len(f.bytes) {
		if rc := f.flush(tls, file); rc != sqlite3.SQLITE_OK {
			return rc
		}
		f.offset = offset
	}
	if n > len(f.bytes) {
		return f.write(tls, file, data, size, offset)
	}
	f.n += copy(f.bytes[f.n:], unsafe.Slice((*byte)(memory(data)), n))
	return sqlite3.SQLITE_OK
}

// flush writes what waits. Whether or not it can be written, nothing waits after
// that: SQLite gives the transaction up and writes the next to the same place.
func (f *joinedFile) flush(tls *libc.TLS, file uintptr) int32 {
	n := f.n
	f.n = 0
	if n == 0 {
		return sqlite3.SQLITE_OK
	}
	return f.write(tls, file, uintptr(unsafe.Pointer(&f.bytes)), int32(n), f.offset)
}

func (f *joinedFile) write(tls *libc.TLS, file, data uintptr, size int32, offset int64) int32 {
	write := method[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](f.below.FxWrite)
	return write(tls, file, data, size, offset)
}

func readJoined(tls *libc.TLS, file, data uintptr, size int32, offset int64) int32 {
	f := joinedOf(file)
	if rc := f.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	read := method[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](f.below.FxRead)
	return read(tls, file, data, size, offset)
}

func truncateJoined(tls *libc.TLS, file uintptr, size int64) int32 {
	f := joinedOf(file)
	if rc := f.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	truncate := method[func(*libc.TLS, uintptr, int64) int32](f.below.FxTruncate)
	return truncate(tls, file, size)
}

func syncJoined(tls *libc.TLS, file uintptr, flags int32) int32 {
	f := joinedOf(file)
	if rc := f.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	sync := method[func(*libc.TLS, uintptr, int32) int32](f.below.FxSync)
	return sync(tls, file, flags)
}

func sizeJoined(tls *libc.TLS, file, size uintptr) int32 {
	f := joinedOf(file)
	if rc := f.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	fileSize := method[func(*libc.TLS, uintptr, uintptr) int32](f.below.FxFileSize)
	return fileSize(tls, file, size)
}

// closeJoined drops what waits: no transaction that was committed does.
func closeJoined(tls *libc.TLS, file uintptr) int32 {
	f := joinedOf(file)
	closeFile := method[func(*libc.TLS, uintptr) int32](f.below.FxClose)
	rc := closeFile(tls, file)
	sqlite3.Xsqlite3_free(tls, uintptr(unsafe.Pointer(f)))
	return rc
}

// memory is an address in SQLite's memory, which the garbage collector does not know.
func memory(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

// method is the function of type F that SQLite knows as p, and entry is the
// other way round: a Go function is known by the address of its func value,
// which for one that is declared never moves.
func method[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&p)) }

func entry(f any) uintptr { return (*[2]uintptr)(unsafe.Pointer(&f))[1] }
