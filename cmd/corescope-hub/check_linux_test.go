package main

import (
	"strings"
	"testing"
)

func TestCheckKnowsFileSystemsThatLoseDatabases(t *testing.T) {
	t.Parallel()
	for magic, want := range map[int64]string{
		0x6969: "NFS", 0xFF534D42: "Windows", -0xACB2BE: "Windows", // as 32-bit kernels give it
		0x01021994: "memory", 0x794C7630: "container", 0x4D44: "FAT", 0x01021997: "9p",
		0xEF53: "", 0x9123683E: "", 0x58465342: "", // ext4, Btrfs, XFS
	} {
		got := fileSystem(magic)
		if want == "" && got != (kindOfDisk{}) || !strings.Contains(got.name, want) || (got.remedy == "") != (want == "") {
			t.Errorf("%#x: %+v, want %q", magic, got, want)
		}
	}
}
