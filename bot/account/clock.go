package account

import (
	"fmt"
	"time"
)

// CompareClocks checks this machine's clock by a platform's, which was asked at one moment of ours and heard at another: a time between the two
// differs by nothing. refuses says what the platform does when they are minutes apart; "": nothing that keeps accounts from being made.
func CompareClocks(whose string, theirs, asked, heard time.Time, refuses string) Check {
	const (
		warned  = 30 * time.Second // quarrels of logs and of what is shown late
		refused = 5 * time.Minute  // of signed statements (RFC 7523 §3) and of Kerberos (RFC 4120 §1.6)
	)
	if theirs.IsZero() {
		return Check{"clock", CheckWarning, whose + " does not show its clock"}
	}
	off, way := asked.Sub(theirs), "ahead of"
	if off < 0 {
		off, way = max(0, theirs.Sub(heard)), "behind"
	}
	off = off.Round(time.Second)
	switch said := fmt.Sprintf("this machine's clock is %v %s that of %s", off, way, whose); {
	case off > refused && refuses != "":
		return Check{"clock", CheckFailed, fmt.Sprintf("%s, which %s; set it by NTP", said, refuses)}
	case off > warned:
		return Check{"clock", CheckWarning, said + "; set both by NTP"}
	}
	return Check{"clock", CheckOK, "the clocks agree"}
}
