package oauth

import (
	"errors"
	"strings"

	"github.com/emersion/go-sasl"
)

// XOAUTH2 is the mechanism of Gmail and Microsoft 365 from before RFC 7628.
const XOAUTH2 = "XOAUTH2"

// Bearer logs in with an access token by the mechanism OAUTHBEARER (RFC 7628) or XOAUTH2. A user or token that would
// change the message is refused by Start.
func Bearer(mechanism, user, token string) sasl.Client {
	return &bearer{mechanism: mechanism, user: user, token: token}
}

type bearer struct{ mechanism, user, token string }

func (b *bearer) Start() (mechanism string, first []byte, err error) {
	if strings.ContainsAny(b.user+b.token, "\x00\x01\r\n ") || b.token == "" {
		return "", nil, errors.New("oauth: this is no user name or token")
	}
	auth := "auth=Bearer " + b.token + "\x01\x01"
	if b.mechanism == sasl.OAuthBearer {
		name := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(b.user) // RFC 5801 §4
		return b.mechanism, []byte("n,a=" + name + ",\x01" + auth), nil
	}
	return b.mechanism, []byte("user=" + b.user + "\x01" + auth), nil
}

// Next is asked only after a failure, with the server's reason. The exchange must go on with this one byte, upon which the
// server refuses (RFC 7628 §3.2.3); an error here would leave it waiting.
func (b *bearer) Next([]byte) ([]byte, error) { return []byte{1}, nil }
