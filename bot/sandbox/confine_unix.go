//go:build unix

package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Beyond its own watch a child is bounded by the kernel: memory that grows between two looks ends in "out of memory", no
// file grows by a byte, no core is dumped.
const headroom = 4 // mapped bytes for each byte that may be held: Go maps ahead

func confine(memory int64) error {
	limits := map[int]syscall.Rlimit{syscall.RLIMIT_FSIZE: {}, syscall.RLIMIT_CORE: {}}
	if mapped, ok := mapped(); ok {
		limits[syscall.RLIMIT_DATA] = syscall.Rlimit{Cur: mapped + headroom*uint64(memory), Max: mapped + headroom*uint64(memory)}
	}
	for which, limit := range limits {
		if err := syscall.Setrlimit(which, &limit); err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
	}
	return nil
}

// mapped returns the bytes of data that the process has mapped already (proc(5), statm); a race detector maps a lot.
func mapped() (uint64, bool) {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, false
	}
	fields := strings.Fields(string(statm))
	if len(fields) < 6 {
		return 0, false
	}
	pages, err := strconv.ParseUint(fields[5], 10, 64)
	return pages * uint64(os.Getpagesize()), err == nil
}

// used returns the processor time of this process.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// apart gives the child a process group of its own: what a terminal sends to ours is not for it, it ends with its input.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
