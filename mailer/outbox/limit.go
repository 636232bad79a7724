package outbox

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// How long to rest when a server says that we send too much. Who goes on asking is blocked for longer.
const (
	restShort = time.Minute     // a limit by the minute, or a server that closes (421)
	restLong  = 5 * time.Minute // an unusual rate, too many logins, our sender refused
	restDay   = time.Hour       // a limit by the day or hour: a rolling window opens little by little
)

// limited says whether a refusal is about us and not about the message, and how long to rest. Providers say “too much” with 4xx
// and 5xx alike: Gmail “550 5.4.5 Daily user sending limit exceeded”, Exchange Online “554 5.2.0 … SubmissionQuotaExceeded…”.
// Such a 5xx must not kill a letter. What speaks of the recipient (“452 4.2.2 mailbox full”, “450 4.2.1 The user you are
// trying to contact is receiving mail too quickly”, greylisting) is no such limit: other letters may go.
func limited(refusal *smtp.SMTPError) (time.Duration, bool) {
	said := strings.ToLower(refusal.Message)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(said, w) })
	}
	status := ""
	if e := refusal.EnhancedCode; e != smtp.EnhancedCodeNotSet && e != smtp.NoEnhancedCode {
		status = fmt.Sprintf("%d.%d", e[1], e[2])
	}
	switch {
	case aboutRecipient(status) || has("greylist", "graylist", "recipient thread limit", "user you are trying to contact"):
		return 0, false
	case has("daily", "per day", "24 hour", "per hour", "hourly") && has("limit", "quota", "exceeded", "max "):
		return restDay, true
	case has("submissionquotaexceeded", "submission quota", "sending quota", "message quota", "tenant has exceeded", "exceeded its sending"):
		return restDay, true
	case refusal.Code >= 500 && blockedSender[status]:
		return restDay, true
	case has("rate limit", "ratelimit", "rate exceeded", "sending rate", "unusual rate", "unusual sending", "throttl", "too many messages", "too much mail",
		"too many recipients from", "too many login", "too many failed login", "sending too", "thread limit", "concurrent connections", "concurrent server connections", "too many connections", "too many concurrent"):
		if refusal.Code == 432 || has("connections", "thread limit") {
			return restShort, true
		}
		return restLong, true
	case refusal.Code/100 == 4 && (status == "7.0" || status == "7.28" || strings.HasPrefix(status, "7.5") || strings.HasPrefix(status, "7.6")) && has("try again later", "access denied", "detected"):
		return restLong, true // Gmail “421 4.7.0 Try again later”, Exchange Online “451 4.7.500 Access denied, please try again later”
	case refusal.Code == 421, refusal.Code == 452 && status == "3.1": // closing (RFC 5321 §3.8); no room or memory for anybody
		return restShort, true
	}
	return 0, false
}

// aboutRecipient knows the statuses of RFC 3463 §3.2 and §3.3 that speak of one mailbox: X.2.1 and X.2.2.
func aboutRecipient(status string) bool { return status == "2.1" || status == "2.2" }

// blockedSender are statuses by which a provider says that the account, tenant or address that sends is stopped: Gmail's
// daily limit, Exchange Online's limits and bans. No message is at fault, and a person must look.
var blockedSender = map[string]bool{
	"4.5": true, "1.8": true, "1.90": true, "1.92": true,
	"7.28": true, "7.501": true, "7.502": true, "7.503": true, "7.508": true, "7.511": true,
	"7.232": true, "7.233": true, "7.235": true, "7.700": true, "7.705": true, "7.708": true, "7.750": true,
}
