//go:build unix

package mime_test

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"vanthu/mailer/mime"
)

// worked is the processor time of this process: what others do on the machine does not count.
func worked() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestFloodsAreLinear holds that sixteen times the bytes take about sixteen times the time; squared it would be 256 times.
func TestFloodsAreLinear(t *testing.T) {
	for name, flood := range floods() {
		t.Run(name, func(t *testing.T) {
			took := func(raw []byte) time.Duration {
				best := time.Hour
				for range 2 {
					began := worked()
					_, err := mime.Parse(raw, mime.Limits{})
					best = min(best, worked()-began)
					if limit, ok := errors.AsType[*mime.LimitError](err); err != nil && !ok {
						t.Fatal(limit, err)
					}
				}
				return best
			}
			const n = 64 << 10
			small, large := took([]byte(flood(n))), took([]byte(flood(16*n)))
			if large > 64*small+500*time.Millisecond {
				t.Errorf("%v for 64 KB, %v for 1 MB", small, large)
			}
		})
	}
}
