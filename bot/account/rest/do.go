package rest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"vanthu/bot/account"
)

// Do sends a request and, where that is harmless, sends it again. Its errors are account's, an account.Wait when the platform
// said when to come back, or another one that is temporary: then whoever asked must look before he asks again.
func (c *Client) Do(ctx context.Context, r Request) (Answer, error) {
	began := c.cfg.Now()
	refused := 0
	for try := 1; ; try++ {
		answer, err := c.once(ctx, r)
		if err == nil || ctx.Err() != nil || errors.Is(err, account.ErrPermanent) || errors.Is(err, account.ErrExists) || errors.Is(err, ErrLater) {
			return answer, err
		}
		if _, waits := errors.AsType[*account.Wait](err); waits {
			return answer, err
		}
		if errors.Is(err, ErrToken) {
			if refused++; refused > 1 { // a new one did not help
				return answer, err
			}
		}
		said, told := retryAfter(answer.Header, c.cfg.Now())
		wait := c.backoff(try)
		if told { // all of it and a little more: many were told the same
			wait = said + wait/8
		}
		if errors.Is(err, ErrBusy) {
			c.count(func(s *Stats) { s.Busy++ })
			c.quiet(wait)
		}
		switch {
		case !c.again(r, err):
			if told {
				err = &account.Wait{For: said, Err: err}
			}
			return answer, err
		case try >= c.cfg.Tries || c.cfg.Now().Add(wait).Sub(began) > c.cfg.Patience:
			if told || errors.Is(err, ErrBusy) {
				err = &account.Wait{For: wait, Err: err}
			}
			return answer, err
		}
		c.count(func(s *Stats) { s.Again++ })
		if errors.Is(err, ErrToken) {
			continue // with a new one, at once
		}
		if err := c.cfg.Sleep(ctx, wait); err != nil {
			return answer, err
		}
	}
}

// again says whether a request may be sent once more without anybody looking first.
func (c *Client) again(r Request, err error) bool {
	if errors.Is(err, ErrBusy) || errors.Is(err, ErrToken) || errors.Is(err, ErrUndone) {
		return true
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete:
		return true
	}
	return r.Repeat
}

// backoff is exponential with jitter, so that rows that failed together do not come back together.
func (c *Client) backoff(try int) time.Duration {
	d := min(c.cfg.Backoff<<min(try-1, 16), 32*time.Second)
	return d/2 + time.Duration(c.cfg.Rand()*float64(d/2))
}

// once sends a request one time.
func (c *Client) once(ctx context.Context, r Request) (Answer, error) {
	token, err := c.bearer(ctx)
	if err != nil {
		return Answer{}, c.fail(r, 0, err)
	}
	if err := c.admit(ctx, r); err != nil {
		return Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	request, err := c.request(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	if c.cfg.Fetch != nil {
		c.cfg.Authorize(request, token)
	}
	c.count(func(s *Stats) { s.Requests++ })
	response, err := c.cfg.HTTP.Do(request)
	if err != nil {
		return Answer{}, c.fail(r, 0, harmless(err))
	}
	defer func() { _ = response.Body.Close() }()
	answer := Answer{Status: response.StatusCode, Header: response.Header}
	answer.Body, err = io.ReadAll(io.LimitReader(response.Body, c.cfg.MaxBody+1))
	if err == nil && int64(len(answer.Body)) > c.cfg.MaxBody {
		err = fmt.Errorf("the answer is longer than %d bytes", c.cfg.MaxBody)
	}
	if err != nil {
		if answer.Status == http.StatusTooManyRequests {
			err = errors.Join(ErrBusy, err)
		}
		return answer, c.fail(r, answer.Status, fmt.Errorf("the answer broke off: %w", harmless(err)))
	}
	if err := c.cfg.Classify(answer); err != nil {
		if errors.Is(err, ErrToken) {
			c.forget(ctx, token)
		}
		return answer, c.fail(r, answer.Status, err)
	}
	return answer, c.decode(r, answer)
}

func (c *Client) request(ctx context.Context, r Request) (*http.Request, error) {
	var body io.Reader
	kind := ""
	switch sent := r.Body.(type) {
	case nil:
	case []byte:
		body = bytes.NewReader(sent)
	default:
		encoded, err := json.Marshal(sent)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %s: the request cannot be written", account.ErrPermanent, c.cfg.Name, r.What)
		}
		body, kind = bytes.NewReader(encoded), "application/json; charset=utf-8"
	}
	target, err := url.Parse(c.base.String() + r.Path)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %s: the path cannot be written", account.ErrPermanent, c.cfg.Name, r.What)
	}
	target.RawQuery = r.Query.Encode()
	request, err := http.NewRequestWithContext(ctx, r.Method, target.String(), body)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %s: the request cannot be made", account.ErrPermanent, c.cfg.Name, r.What)
	}
	for name, values := range r.Header {
		request.Header[http.CanonicalHeaderKey(name)] = values
	}
	if kind != "" && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", kind)
	}
	request.Header.Set("User-Agent", "vanthu")
	return request, nil
}

func (c *Client) decode(r Request, a Answer) error {
	switch into := r.Into.(type) {
	case nil:
	case *[]byte:
		*into = a.Body
	default: // a success that cannot be read was cut, or is no answer of the API: the work may be done
		if err := json.Unmarshal(a.Body, into); err != nil {
			return c.fail(r, a.Status, errors.New("the answer cannot be read as JSON"))
		}
	}
	return nil
}

// ByStatus classifies by the status alone (RFC 9110 §15, RFC 6585 §4).
func ByStatus(a Answer) error {
	switch s := a.Status; {
	case s >= 200 && s < 300:
		return nil
	case s == http.StatusUnauthorized:
		return ErrToken
	case s == http.StatusTooManyRequests:
		return ErrBusy
	case s == http.StatusNotFound, s == http.StatusGone:
		return account.ErrGone
	case s == http.StatusConflict:
		return account.ErrExists
	case s == http.StatusRequestTimeout, s == http.StatusTooEarly, s >= 300 && s < 400, s >= 500:
		return errors.New("the platform failed")
	}
	return account.ErrPermanent
}

// Code returns an error code of a platform when it is one, "" for what may be prose: prose repeats what was sent.
func Code(said string) string {
	if code.MatchString(said) {
		return said
	}
	return ""
}

var code = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.:-]{1,63}$`)

// retryAfter reads the header of RFC 9110 §10.2.3: seconds, or a date. It is believed for an hour: everybody waits for it, whoever wants to
// judge a list, too, and who is asked too early says so again.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	const most = time.Hour
	said := h.Get("Retry-After")
	if seconds, err := strconv.ParseInt(said, 10, 64); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, int64(most/time.Second))) * time.Second, true
	}
	if date, err := http.ParseTime(said); err == nil { // by the server's clock, when it shows it
		if server, err := http.ParseTime(h.Get("Date")); err == nil {
			now = server
		}
		return min(max(0, date.Sub(now)), most), true
	}
	return 0, false
}

// harmless drops from an error of the HTTP client what it was asked. What did not get as far as the server was not done.
func harmless(err error) error {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err
	}
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return &unreached{cmp.Or(dial.Err, err)}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer in time: %w", context.DeadlineExceeded)
	}
	return err
}

// unreached is that there was no connection.
type unreached struct{ err error }

func (e *unreached) Error() string   { return "no connection: " + e.err.Error() }
func (e *unreached) Unwrap() []error { return []error{ErrUndone, e.err} }
