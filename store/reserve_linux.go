package store

import "syscall"

// reserve is address space that takes memory page by page, as it is written to;
// nil if there is none.
func reserve(size int) []byte {
	room, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE)
	if err != nil {
		return nil
	}
	syscall.Madvise(room, syscall.MADV_NOHUGEPAGE) // with huge pages it would take 2 MiB at a time
	return room
}
