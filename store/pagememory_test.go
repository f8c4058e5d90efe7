package store

import (
	"bytes"
	"runtime"
	"testing"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// slotsTaken is how many slots have been in use at one time.
func slotsTaken() int {
	slots.mu.Lock()
	defer slots.mu.Unlock()
	return int(slotsRoom-slots.unused) / slotSize
}

// init is before any test, since slots come before the first database or not at all.
func init() { usePageSlots() }

func needSlots(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("run it on Linux: elsewhere SQLite's allocator stays as it is")
	}
	if slots.base == 0 {
		t.Fatal("SQLite's allocator has no slots")
	}
}

func TestPagesOfTheCacheTakeNoMoreThanASlot(t *testing.T) {
	const pages = 500
	before := slotsTaken()
	s := openTest(t, func(o *Options) { o.CacheBytes = pages * pageSize })
	for i := range 20_000 {
		if err := s.Append(t.Context(), benchRecord(i, 1, false), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	needSlots(t)
	if after := slotsTaken(); after < pages/2 || after > before+2*pages {
		t.Errorf("%d slots before and %d after a cache of %d pages was filled", before, after, pages)
	}
}

func TestAllocatorWithSlots(t *testing.T) {
	openTest(t)
	needSlots(t)
	tls := libc.NewTLS()
	defer tls.Close()
	allocate := func(size int32) uintptr {
		p := sqlite3.Xsqlite3_malloc(tls, size)
		if p == 0 {
			t.Fatalf("no memory for %d bytes", size)
		}
		return p
	}
	text := func(p uintptr, size int) []byte { return unsafe.Slice((*byte)(memory(p)), size) }

	for size, inSlot := range map[int32]bool{
		8: false, pageSize: false, pageSize + 8: true, slotSize: true, slotSize + 8: false, 1 << 20: false,
	} {
		p := allocate(size)
		if got := slots.has(p); got != inSlot {
			t.Errorf("%d bytes in a slot: %v, want %v", size, got, inSlot)
		}
		if n := sqlite3.Xsqlite3_msize(tls, p); n < uint64(size) {
			t.Errorf("%d bytes: room for %d", size, n)
		}
		clear(text(p, int(size)))
		sqlite3.Xsqlite3_free(tls, p)
	}

	// What becomes larger keeps what is in it, in a slot and out of one.
	want := bytes.Repeat([]byte("slot"), slotSize/4)
	p := allocate(pageSize + 8)
	copy(text(p, pageSize+8), want)
	p = sqlite3.Xsqlite3_realloc(tls, p, slotSize)
	if !slots.has(p) || !bytes.Equal(text(p, pageSize+8), want[:pageSize+8]) {
		t.Error("something else after it grew in its slot")
	}
	copy(text(p, slotSize), want)
	p = sqlite3.Xsqlite3_realloc(tls, p, 3*slotSize)
	if slots.has(p) || !bytes.Equal(text(p, slotSize), want) {
		t.Error("something else after it grew out of its slot")
	}
	sqlite3.Xsqlite3_free(tls, p)

	// A slot that is free is used before a new one.
	p = allocate(slotSize)
	taken := slotsTaken()
	sqlite3.Xsqlite3_free(tls, p)
	for range 100 {
		sqlite3.Xsqlite3_free(tls, allocate(slotSize))
	}
	if n := slotsTaken(); n != taken {
		t.Errorf("%d slots taken, want %d", n, taken)
	}
}

func TestSlotsThatAreAllTaken(t *testing.T) {
	room := make([]byte, slotsRoom)
	defer runtime.KeepAlive(room)
	s := pageSlots{base: uintptr(unsafe.Pointer(&room[0])), unused: 3 * slotSize}
	seen := map[uintptr]bool{}
	for range 3 {
		p := s.take()
		if !s.has(p) || seen[p] {
			t.Fatalf("a slot at %#x, after %v", p, seen)
		}
		seen[p] = true
	}
	if p := s.take(); p != 0 {
		t.Errorf("a fourth of three slots, at %#x", p)
	}
	for p := range seen {
		s.give(p)
	}
	for range 3 {
		if p := s.take(); !seen[p] {
			t.Errorf("a slot at %#x that is none of %v", p, seen)
		}
	}
}
