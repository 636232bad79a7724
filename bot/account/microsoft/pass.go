package microsoft

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// A WithPass is a tenant whose new users get a Temporary Access Pass for their first sign-in: they choose a passkey or a password of their
// own with it, and the initial password leaves nobody's hands.
type WithPass struct{ *Platform }

const passPath = "/authentication/temporaryAccessPassMethods" //nolint:gosec // a path

// Pass makes a new pass. A user has one at most, and it is shown once: one that is there, ours of a try that died or not, is taken away.
func (w WithPass) Pass(ctx context.Context, a account.Account) (string, error) {
	p := w.Platform
	u, err := p.find(ctx, a)
	if errors.Is(err, account.ErrGone) {
		return "", unseen(err) // it was made a moment ago
	}
	if err != nil {
		return "", err
	}
	path := userPath(u.ID, passPath)
	type method struct {
		ID   string `json:"id"`
		Pass string `json:"temporaryAccessPass"`
	}
	var old []string
	err = get(ctx, p, "look for a pass", path, nil, 1, func(m method) error { old = append(old, m.ID); return nil })
	if err != nil {
		return "", unseen(err)
	}
	for _, id := range old {
		if err := p.do(ctx, rest.Request{What: "take a pass away", Method: http.MethodDelete, Path: path + "/" + url.PathEscape(id)}); err != nil && !errors.Is(err, account.ErrGone) {
			return "", err
		}
	}
	var made method
	life := cmp.Or(p.cfg.PassLife, time.Hour)
	err = p.do(ctx, rest.Request{What: "make a pass", Method: http.MethodPost, Path: path, Into: &made,
		Body: map[string]any{"lifetimeInMinutes": int(life.Minutes()), "isUsableOnce": p.cfg.PassOnce}})
	if err != nil {
		return "", unseen(err)
	}
	if made.Pass == "" {
		return "", errors.New("microsoft: make a pass: the answer holds none")
	}
	return made.Pass, nil
}
