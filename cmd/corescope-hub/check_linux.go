package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// portHolder is the process that listens on a TCP port of this machine, as far as
// this user may know: 0 and "" when not.
func portHolder(port string) (pid int, command string) {
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return 0, ""
	}
	inodes := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, _ := os.ReadFile(table)
		for line := range strings.Lines(string(text)) {
			const listening = "0A"
			f := strings.Fields(line)
			if len(f) > 9 && f[3] == listening && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", number)) {
				inodes["socket:["+f[9]+"]"] = true
			}
		}
	}
	if len(inodes) == 0 {
		return 0, ""
	}
	files, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, file := range files {
		if target, err := os.Readlink(file); err == nil && inodes[target] {
			parts := strings.Split(file, "/")
			pid, _ := strconv.Atoi(parts[2])
			text, _ := os.ReadFile("/proc/" + parts[2] + "/comm")
			return pid, strings.TrimSpace(string(text))
		}
	}
	return 0, ""
}

// kindOfDisk is a file system that asks for a word.
type kindOfDisk struct{ name, remedy string }

// fileSystem tells those apart on which a database is not safe. Source: Linux
// include/uapi/linux/magic.h.
func fileSystem(magic int64) kindOfDisk {
	const network = "keep the database on a disk of this machine: SQLite's WAL needs memory that is shared, which a network does not have"
	switch uint32(magic) {
	case 0x6969:
		return kindOfDisk{"NFS", network}
	case 0xFF534D42, 0xFE534D42, 0x517B:
		return kindOfDisk{"a Windows share", network}
	case 0x01021997:
		return kindOfDisk{"a 9p share", network}
	case 0x01021994, 0x858458F6:
		return kindOfDisk{"memory", "choose a place on a disk: at power off all is gone"}
	case 0x794C7630:
		return kindOfDisk{"the writable layer of a container", "mount a volume there: with the container all is gone"}
	case 0x4D44:
		return kindOfDisk{"FAT", "choose ext4 or the like: FAT loses files at power cuts"}
	}
	return kindOfDisk{}
}

// onCard says whether a directory is on an SD card or eMMC.
func onCard(dir string) bool {
	var st syscall.Stat_t
	if syscall.Stat(dir, &st) != nil {
		return false
	}
	const mmcBlock = 179 // Source: Linux Documentation/admin-guide/devices.txt
	major := uint64(st.Dev) >> 8 & 0xFFF
	return major == mmcBlock
}

// clockSynchronised asks the kernel whether something keeps the clock right.
func clockSynchronised() (synchronised, known bool) {
	const unsynchronised = 0x40 // Source: Linux include/uapi/linux/timex.h, STA_UNSYNC
	var t syscall.Timex
	if _, err := syscall.Adjtimex(&t); err != nil {
		return false, false
	}
	return t.Status&unsynchronised == 0, true
}
