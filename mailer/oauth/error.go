package oauth

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"golang.org/x/oauth2"
)

// A Kind says who can heal an error.
type Kind string

// The kinds.
const (
	// Dead is a grant that is gone: revoked, expired, or never given. A person must log in again.
	Dead Kind = "grant_dead"
	// Refused is an application that the provider does not want: its id, its secret, its permissions. A person must look at
	// the settings.
	Refused Kind = "client_refused"
	// Temporary passes by itself: no connection, an overloaded provider.
	Temporary Kind = "temporary"
	// Storage is a token file that cannot be read or written.
	Storage Kind = "storage"
)

// An Error is why there is no token. Its text holds nothing that the provider wrote but a known code: descriptions repeat
// what was sent.
type Error struct {
	Kind Kind
	Code string // the provider's: "invalid_grant", "invalid_grant AADSTS700082"; "" when he gave none
	Err  error  // the cause, without secrets; may be nil
}

func (e *Error) Error() string {
	text := map[Kind]string{
		Dead:      "the grant is gone; log in again with `vanthu oauth login`",
		Refused:   "the provider refuses the application; look at client_id, its secret and its permissions",
		Temporary: "the provider gives no token now",
		Storage:   "the token file",
	}[e.Kind]
	if e.Code != "" {
		text += " (" + e.Code + ")"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return "oauth: " + text
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of an error of this package, "" of another.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// kinds are the codes of RFC 6749 §4.1.2.1 and §5.2, RFC 8628 §3.5 and of Microsoft that a person must heal.
var kinds = map[string]Kind{
	"invalid_grant":           Dead,
	"interaction_required":    Dead,
	"consent_required":        Dead,
	"login_required":          Dead,
	"access_denied":           Dead,
	"expired_token":           Dead,
	"bad_verification_code":   Dead,
	"invalid_client":          Refused,
	"unauthorized_client":     Refused,
	"invalid_scope":           Refused,
	"invalid_request":         Refused,
	"invalid_resource":        Refused,
	"unsupported_grant_type":  Refused,
	"deleted_client":          Refused,
	"disabled_client":         Refused,
	"org_internal":            Refused,
	"admin_policy_enforced":   Refused,
	"redirect_uri_mismatch":   Refused,
	"temporarily_unavailable": Temporary,
	"server_error":            Temporary,
	"slow_down":               Temporary,
}

// aadsts is Microsoft's number of an error, the one useful word of its descriptions.
var aadsts = regexp.MustCompile(`^AADSTS[0-9]{4,9}`)

// classify turns an error of the library into one of ours.
func classify(ctx context.Context, err error) error {
	refusal, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		if ctx.Err() != nil {
			return &Error{Kind: Temporary, Err: context.Cause(ctx)}
		}
		return &Error{Kind: Temporary, Err: harmless(err)}
	}
	kind, known := kinds[refusal.ErrorCode]
	if !known {
		return &Error{Kind: Temporary, Err: fmt.Errorf("HTTP status %d", refusal.Response.StatusCode)}
	}
	if refusal.Response.StatusCode >= 500 {
		kind = Temporary // whatever it says, it is not well
	}
	code := refusal.ErrorCode
	if number := aadsts.FindString(refusal.ErrorDescription); number != "" {
		code += " " + number
	}
	return &Error{Kind: kind, Code: code}
}
