package store

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// A page of the cache, with what SQLite keeps beside it, takes a little more than
// 4 KiB, for which the driver's allocator gives 8. In slots of their own all
// caches together have twice the pages in the same memory.
const (
	slotSize  = 4480 // bytes; a page with its header is 4376, on 32 bits less
	slotsRoom = 32 << 20
)

// pageSlots gives SQLite memory for the pages of its caches, and leaves all other
// sizes to the allocator below. What was used once is used again and never given
// back; when all slots are taken, more pages come from below.
type pageSlots struct {
	below sqlite3.Tsqlite3_mem_methods // set once, before SQLite asks for anything
	base  uintptr                      // of slotsRoom bytes

	mu     sync.Mutex
	unused uintptr // bytes that have never been in use, at the end
	free   uintptr // the first of the free slots, each of which begins with the address of the next; 0 for none
}

// slots are those of this process: SQLite has one allocator in each, and does not
// tell it on whose behalf it is called.
var slots pageSlots

// usePageSlots gives SQLite's allocator the slots, which works only before a
// process opens its first database. Otherwise all stays as it is, and costs more
// memory.
var usePageSlots = sync.OnceFunc(func() {
	room := reserve(slotsRoom)
	if room == nil {
		return
	}
	tls := libc.NewTLS()
	defer tls.Close()
	methods := libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_mem_methods{})))
	if methods == 0 {
		return
	}
	defer libc.Xfree(tls, methods) // SQLite copies them
	args := tls.Alloc(int(unsafe.Sizeof(uint64(0))))
	defer tls.Free(int(unsafe.Sizeof(uint64(0))))
	if sqlite3.Xsqlite3_config(tls, sqlite3.SQLITE_CONFIG_GETMALLOC, libc.VaList(args, methods)) != sqlite3.SQLITE_OK {
		return
	}
	m := (*sqlite3.Tsqlite3_mem_methods)(memory(methods))
	slots.below, slots.base, slots.unused = *m, uintptr(unsafe.Pointer(&room[0])), slotsRoom
	m.FxMalloc, m.FxFree, m.FxRealloc, m.FxSize = entry(mallocSlot), entry(freeSlot), entry(reallocSlot), entry(sizeOfSlot)
	sqlite3.Xsqlite3_config(tls, sqlite3.SQLITE_CONFIG_MALLOC, libc.VaList(args, methods))
})

// has reports whether p is the address of a slot.
func (s *pageSlots) has(p uintptr) bool { return p-s.base < slotsRoom }

// take is a free slot, or 0.
func (s *pageSlots) take() (p uintptr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.free != 0:
		p = s.free
		s.free = *(*uintptr)(memory(p))
	case s.unused >= slotSize:
		p = s.base + slotsRoom - s.unused
		s.unused -= slotSize
	}
	return p
}

// give is the end of a slot's use.
func (s *pageSlots) give(p uintptr) {
	s.mu.Lock()
	*(*uintptr)(memory(p)) = s.free
	s.free = p
	s.mu.Unlock()
}

// mallocSlot is xMalloc.
func mallocSlot(tls *libc.TLS, size int32) uintptr {
	if size > pageSize && size <= slotSize {
		if p := slots.take(); p != 0 {
			return p
		}
	}
	return method[func(*libc.TLS, int32) uintptr](slots.below.FxMalloc)(tls, size)
}

// freeSlot is xFree.
func freeSlot(tls *libc.TLS, p uintptr) {
	if slots.has(p) {
		slots.give(p)
		return
	}
	method[func(*libc.TLS, uintptr)](slots.below.FxFree)(tls, p)
}

// reallocSlot is xRealloc. SQLite makes no page larger; other memory of that size
// it may.
func reallocSlot(tls *libc.TLS, p uintptr, size int32) uintptr {
	if !slots.has(p) {
		return method[func(*libc.TLS, uintptr, int32) uintptr](slots.below.FxRealloc)(tls, p, size)
	}
	if size <= slotSize {
		return p
	}
	larger := mallocSlot(tls, size)
	if larger != 0 {
		copy(unsafe.Slice((*byte)(memory(larger)), slotSize), unsafe.Slice((*byte)(memory(p)), slotSize))
		slots.give(p)
	}
	return larger
}

// sizeOfSlot is xSize.
func sizeOfSlot(tls *libc.TLS, p uintptr) int32 {
	if slots.has(p) {
		return slotSize
	}
	return method[func(*libc.TLS, uintptr) int32](slots.below.FxSize)(tls, p)
}
