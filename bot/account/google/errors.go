package google

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// errForbidden is a right that is missing, or an address of a domain that is not ours. It is temporary: a person mends the
// rights, and the rows go on.
var errForbidden = errors.New("google does not allow it; `vanthu preflight` tells which right is missing")

// errElsewhere is temporary: who takes it for "there is no such account" would record as erased what was never touched.
var errElsewhere = errors.New("not found, and that is not said of an account; see accounts.google: customer, directory_url, and whatever stands before Google")

// reasons of 403 and 429 that mean no more than too fast ("Limits and quotas").
var busy = map[string]bool{"userRateLimitExceeded": true, "rateLimitExceeded": true, "quotaExceeded": true, "RESOURCE_EXHAUSTED": true}

// classify reads an error as "Resolve errors" shows it.
func classify(a rest.Answer) error {
	if a.Status >= 200 && a.Status < 300 {
		return nil
	}
	reason := reasonOf(a.Body)
	tell := func(err error) error {
		if reason == "" {
			return err
		}
		return fmt.Errorf("%w (%s)", err, reason)
	}
	switch {
	case busy[reason]:
		return tell(rest.ErrBusy)
	case a.Status == http.StatusForbidden && reason == "dailyLimitExceeded", reason == "limitExceeded":
		return tell(fmt.Errorf("%w: the day's quota, or every licence, is used up", rest.ErrLater))
	case a.Status == http.StatusForbidden:
		return tell(fmt.Errorf("%w: %w", rest.ErrLater, errForbidden))
	case a.Status == http.StatusPreconditionFailed: // "User creation is not complete"
		return tell(fmt.Errorf("%w: the account is still being made", rest.ErrUndone))
	case a.Status == http.StatusBadRequest && (reason == "notFound" || reason == "resourceNotFound"):
		return tell(account.ErrGone)
	}
	err := rest.ByStatus(a)
	if reason == "" && errors.Is(err, account.ErrGone) { // a proxy's word, or that of whatever else answers there
		return errElsewhere
	}
	return tell(err)
}

// reasonOf returns the code of an error, which is safe to show; the message beside it repeats addresses.
func reasonOf(body []byte) string {
	var answer struct {
		Error struct {
			Status string `json:"status"`
			Errors []struct {
				Reason string `json:"reason"`
			} `json:"errors"`
		} `json:"error"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return ""
	}
	for _, e := range answer.Error.Errors {
		if code := rest.Code(e.Reason); code != "" {
			return code
		}
	}
	return rest.Code(answer.Error.Status)
}
