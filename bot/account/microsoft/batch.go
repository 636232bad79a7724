package microsoft

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

const (
	batchPath = "/$batch"
	batchSize = 20 // "Combine multiple HTTP requests using JSON batching"

	// patience is how long a batch is waited for in place, as package rest waits for one request: a list that is judged, and a row, want
	// to know that it takes longer.
	patience = 2 * time.Minute
)

// An ask is one GET of a batch. Only what reads is batched: quotas count the requests in a batch one by one, so a batch of changes
// would save connections and cost certainty about which of them were done.
type ask struct {
	path     string
	query    url.Values
	eventual bool // an advanced query: it is answered from an index of its own
	units    int  // what it costs
}

// url is how a batch spells it; in OData a space is %20.
func (a ask) url() string { return a.path + "?" + strings.ReplaceAll(a.query.Encode(), "+", "%20") }

type (
	batchRequest struct {
		ID      string            `json:"id"`
		Method  string            `json:"method"`
		URL     string            `json:"url"`
		Headers map[string]string `json:"headers,omitempty"`
	}
	batchAnswer struct {
		Responses []struct {
			ID      string            `json:"id"`
			Status  int               `json:"status"`
			Headers map[string]string `json:"headers"`
			Body    json.RawMessage   `json:"body"`
		} `json:"responses"`
	}
)

// batch asks everything, 20 at a time, and what was not answered again. The answers come in the order of the asks.
func (p *Platform) batch(ctx context.Context, what string, asks []ask) ([]json.RawMessage, error) {
	answers := make([]json.RawMessage, len(asks))
	left := make([]int, len(asks))
	for i := range left {
		left[i] = i
	}
	for try := 1; len(left) > 0; try++ {
		var again []int
		var failed error
		wait := time.Second << try
		for set := range slices.Chunk(left, batchSize) {
			unanswered, after, err := p.send(ctx, what, asks, set, answers)
			if err != nil && len(unanswered) == 0 {
				return nil, err
			}
			again, failed, wait = append(again, unanswered...), errors.Join(failed, err), max(wait, after)
		}
		if left = again; len(left) == 0 {
			return answers, nil
		}
		if try >= 5 || wait > patience {
			return nil, &account.Wait{For: wait, Err: fmt.Errorf("microsoft: %s: some of a batch were not answered: %w", what, failed)}
		}
		if err := p.cfg.Sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

// send asks one set. What was refused for now is told, with how long to wait.
func (p *Platform) send(ctx context.Context, what string, asks []ask, set []int, answers []json.RawMessage) (left []int, wait time.Duration, err error) {
	var in struct {
		Requests []batchRequest `json:"requests"`
	}
	units := 0
	for _, i := range set {
		r := batchRequest{ID: strconv.Itoa(i), Method: http.MethodGet, URL: asks[i].url()}
		if asks[i].eventual {
			r.Headers = map[string]string{"ConsistencyLevel": "eventual"}
		}
		in.Requests = append(in.Requests, r)
		units += asks[i].units
	}
	var out batchAnswer
	if err := p.do(ctx, rest.Request{What: what, Method: http.MethodPost, Path: batchPath, Body: in, Into: &out, Repeat: true, N: units}); err != nil {
		return nil, 0, elsewhere(err)
	}
	answered := make(map[int]bool, len(set))
	for _, r := range out.Responses {
		i, bad := strconv.Atoi(r.ID)
		if bad != nil || !slices.Contains(set, i) || answered[i] {
			return nil, 0, fmt.Errorf("microsoft: %s: a batch answers what was not asked", what)
		}
		answered[i] = true
		header := http.Header{}
		for k, v := range r.Headers {
			header.Set(k, v)
		}
		p.heed(header.Get(percentage))
		switch said := classify(rest.Answer{Status: r.Status, Header: header, Body: r.Body}); {
		case said == nil:
			answers[i] = r.Body
		case errors.Is(said, account.ErrPermanent), errors.Is(said, errRights):
			return nil, 0, elsewhere(fmt.Errorf("microsoft: %s: %d: %w", what, r.Status, said))
		default:
			left, err = append(left, i), said
			if seconds, bad := strconv.Atoi(header.Get("Retry-After")); bad == nil && seconds > 0 {
				wait = max(wait, time.Duration(min(seconds, 3600))*time.Second)
			}
		}
	}
	for _, i := range set {
		if !answered[i] {
			left, err = append(left, i), errors.New("it is missing in the answer")
		}
	}
	return left, wait, err
}

// elsewhere makes a 404 of a look temporary: a filter that finds nobody says 200 and an empty list.
func elsewhere(err error) error {
	if errors.Is(err, account.ErrGone) {
		return fmt.Errorf("microsoft: %w", errElsewhere)
	}
	return err
}
