package main

import (
	"strings"
	"testing"
	"testing/fstest"
)

func machineFiles(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func TestMemoryLimitSuitsTheMachine(t *testing.T) {
	t.Parallel()
	const most = "what a hub needs at most"
	const piZero = "MemTotal:         441048 kB\nMemFree:          123456 kB\n"
	const pi4 = "MemFree: 1 kB\nMemTotal:        3884308 kB\n"
	for _, test := range []struct {
		name  string
		files map[string]string
		want  int64 // MiB
		from  string
	}{
		{"nothing is known", nil, enough >> 20, most},
		{"no number", map[string]string{"proc/meminfo": "MemTotal: much kB\n"}, enough >> 20, most},
		{"more than there can be", map[string]string{"proc/meminfo": "MemTotal: 9223372036854775807 kB\n"}, enough >> 20, most},
		{"Pi Zero W", map[string]string{"proc/meminfo": piZero}, enough >> 20, most},
		{"Pi 4", map[string]string{"proc/meminfo": pi4}, enough >> 20, most},
		{"tiny", map[string]string{"proc/meminfo": "MemTotal: 40000 kB\n"}, 32, "half of the machine's 39 MiB"},
		{"version 2 without limits", map[string]string{"proc/meminfo": piZero,
			"proc/self/cgroup": "0::/system.slice/corescope-hub.service\n",
			"sys/fs/cgroup/system.slice/corescope-hub.service/memory.max": "max\n",
		}, enough >> 20, most},
		{"version 2, own limit", map[string]string{"proc/meminfo": piZero,
			"proc/self/cgroup": "0::/system.slice/corescope-hub.service\n",
			"sys/fs/cgroup/system.slice/corescope-hub.service/memory.max": "134217728\n",
		}, 96, "three quarters of the control group's 128 MiB"},
		{"version 2, throttled before its limit", map[string]string{"proc/meminfo": piZero,
			"proc/self/cgroup":           "0::/a\n",
			"sys/fs/cgroup/a/memory.max": "134217728\n", "sys/fs/cgroup/a/memory.high": "100663296\n",
		}, 72, "three quarters of the control group's 96 MiB"},
		{"version 2, limit of the slice around it", map[string]string{"proc/meminfo": pi4,
			"proc/self/cgroup":                      "0::/system.slice/corescope-hub.service\n",
			"sys/fs/cgroup/system.slice/memory.max": "268435456\n",
		}, enough >> 20, most},
		{"version 2, seen from within a container", map[string]string{"proc/meminfo": pi4,
			"proc/self/cgroup": "0::/../../docker/abc\n", "sys/fs/cgroup/memory.max": "67108864\n",
		}, 48, "three quarters of the control group's 64 MiB"},
		{"version 1", map[string]string{"proc/meminfo": pi4,
			"proc/self/cgroup":                                      "12:cpu,cpuacct:/x\n9:memory:/docker/abc\n0::/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":            "9223372036854771712\n",
			"sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": "536870912\n",
		}, enough >> 20, most},
		{"version 1 without limits", map[string]string{"proc/meminfo": pi4,
			"proc/self/cgroup":                           "9:memory:/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, enough >> 20, most},
		{"a group with more than the machine", map[string]string{"proc/meminfo": piZero,
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1073741824\n",
		}, enough >> 20, most},
		{"lines that are none", map[string]string{"proc/meminfo": piZero, "proc/self/cgroup": "memory\n\n::\n"},
			enough >> 20, most},
	} {
		limit, from := suitableLimit(machineFiles(test.files))
		if limit>>20 != test.want || from != test.from {
			t.Errorf("%s: %d MiB, %q; want %d MiB, %q", test.name, limit>>20, from, test.want, test.from)
		}
	}
}

func TestHubSaysWhichMemoryLimitItHas(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ config, env, want string }{
		{"", "GOGC=100", `memory has a soft limit`},
		{`{"runtime":{"maxMemoryMB":77}}`, "GOGC=100", `memory has a soft limit" limitMiB=77 from=runtime.maxMemoryMB`},
		{`{"runtime":{"maxMemoryMB":77}}`, "GOMEMLIMIT=99MiB", ``},
	} {
		h := startHub(t, test.config, test.env)
		if got := strings.Contains(h.log.String(), `memory has a soft limit`); got != (test.want != "") {
			t.Errorf("%s, %s: limit told: %v", test.config, test.env, got)
		}
		if test.want != "" && !strings.Contains(h.log.String(), test.want) {
			t.Errorf("%s, %s: no %s in the log", test.config, test.env, test.want)
		}
	}
}
