package outbox_test

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"vanthu/mailer/outbox"
)

// Whatever a server says about a login, the secret is in no error.
func TestLogin(t *testing.T) {
	t.Parallel()
	const word = "canary-3f9a"
	bearer := "auth=Bearer " + word + "\x01\x01"
	withToken := func(s *outbox.Sender) {
		s.Token = func(context.Context, string) (string, error) { return word, nil }
	}
	for name, c := range map[string]struct {
		sender func(*outbox.Sender)
		offers []string
		mech   string
		secret string
	}{
		"password":    {func(s *outbox.Sender) { s.Password = secret(word) }, nil, "PLAIN", word},
		"xoauth2":     {withToken, nil, "XOAUTH2", "user=" + us + "\x01" + bearer},
		"oauthbearer": {withToken, []string{"XOAUTH2", "OAUTHBEARER"}, "OAUTHBEARER", "n,a=" + us + ",\x01" + bearer},
	} {
		for says, repeated := range map[string]bool{
			"wrong": false, "wrong: " + word: true, "wrong: " + base64.StdEncoding.EncodeToString([]byte(c.secret)): true,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				var refuse sync.Once
				s := &server{mechanisms: c.offers, auth: func(mech, _, said string) (err error) {
					if mech != c.mech || said != c.secret {
						t.Errorf("%s with %q", mech, said)
					}
					refuse.Do(func() {
						err = &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: says}
					})
					return err
				}}
				sender := start(t, s, outbox.StartTLS)
				sender.User = us
				c.sender(sender)
				_, err := sender.Send(t.Context(), us, unit, []byte(raw))
				// A wrong password is our trouble: the mail waits, it does not die.
				got := failure(t, err, outbox.Temporary)
				if !strings.Contains(got.Reply, "login: 535") || strings.Contains(got.Error(), word) || strings.Contains(got.Error(), says) == repeated {
					t.Errorf("got %v", got)
				}
				if _, err := sender.Send(t.Context(), us, unit, []byte(raw)); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// Pain 10: a token that the server refuses is renewed once, on a new connection, and the letter goes out.
func TestPain10RefusedTokenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	gone := errors.New("the grant is gone")
	for name, c := range map[string]struct {
		next   string // after "old" was refused
		err    error
		logins int
		sent   bool
	}{
		"renewed":        {next: "new", logins: 2, sent: true},
		"refused again":  {next: "newer", logins: 2},
		"no other token": {next: "old", logins: 1},
		"grant dead":     {err: gone, logins: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			logins := 0
			s := &server{auth: func(_, _, said string) error {
				if logins++; strings.Contains(said, "Bearer new\x01") {
					return nil
				}
				return smtp.ErrAuthFailed
			}}
			sender := start(t, s, outbox.Implicit)
			var asked []string
			sender.User, sender.Token = us, func(_ context.Context, refused string) (string, error) {
				if asked = append(asked, refused); refused == "" {
					return "old", nil
				}
				return c.next, c.err
			}
			_, err := sender.Send(t.Context(), us, unit, []byte(raw))
			if (err == nil) != c.sent || c.err != nil && !errors.Is(err, c.err) {
				t.Errorf("got %v", err)
			}
			if err != nil {
				failure(t, err, outbox.Temporary)
			}
			if logins != c.logins || !slices.Equal(asked, []string{"", "old"}) {
				t.Errorf("%d logins, asked for %q", logins, asked)
			}
		})
	}
}

// A server that cannot look at a token now has not refused it.
func TestOverloadedServerIsNoRefusedToken(t *testing.T) {
	t.Parallel()
	s := &server{auth: func(string, string, string) error {
		return &smtp.SMTPError{Code: 454, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "Temporary authentication failure"}
	}}
	sender := start(t, s, outbox.Implicit)
	asked := 0
	sender.User, sender.Token = us, func(context.Context, string) (string, error) {
		asked++
		return "good", nil
	}
	_, err := sender.Send(t.Context(), us, unit, []byte(raw))
	if failure(t, err, outbox.Temporary); asked != 1 {
		t.Errorf("asked for %d tokens, want 1: %v", asked, err)
	}
}
