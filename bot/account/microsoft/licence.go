package microsoft

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// A sku is a product that the tenant has seats of ("subscribedSku resource type").
type sku struct {
	ID       string `json:"skuId"`
	Part     string `json:"skuPartNumber"`
	Status   string `json:"capabilityStatus"`
	Consumed int    `json:"consumedUnits"`
	Prepaid  struct {
		Enabled int `json:"enabled"`
		Warning int `json:"warning"` // of a subscription that has run out, in its 30 days of grace
	} `json:"prepaidUnits"`
}

// seats are all that can be given: those of the grace, too ("licenseUnitsDetail resource type").
func (s sku) seats() int { return s.Prepaid.Enabled + s.Prepaid.Warning }

// skuLife is how long the list of products is believed. Seats are counted anew when they matter.
const skuLife = 10 * time.Minute

// skus returns the products that are wanted, by the names of the configuration.
func (p *Platform) skus(ctx context.Context, fresh bool) (map[string]sku, error) {
	p.mu.Lock()
	units, at := p.units, p.skuAt
	p.mu.Unlock()
	if !fresh && units != nil && p.cfg.Now().Sub(at) < skuLife {
		return units, nil
	}
	units = make(map[string]sku)
	err := get(ctx, p, "licences", "/subscribedSkus", nil, 3, func(s sku) error {
		for _, want := range p.cfg.Licences {
			if strings.EqualFold(want, s.Part) || strings.EqualFold(want, s.ID) {
				units[want] = s
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.units, p.skuAt = units, p.cfg.Now()
	return units, nil
}

// Finish gives the licences to an account that is seen. It looks first what is there: a second time it changes nothing.
func (p *Platform) Finish(ctx context.Context, a account.Account) error {
	if len(p.cfg.Licences) == 0 {
		return nil
	}
	units, err := p.skus(ctx, false)
	if err != nil {
		return err
	}
	var u user
	err = p.do(ctx, rest.Request{What: "look at the licences", Method: http.MethodGet, Path: userPath(p.upn(a.User)), Query: url.Values{"$select": {selected}}, Into: &u})
	if err != nil {
		return unseen(err)
	}
	if err := p.account(u).Is(a); err != nil {
		return err
	}
	type add struct {
		SkuID    string   `json:"skuId"`
		Disabled []string `json:"disabledPlans"`
	}
	var missing []add
	for _, want := range p.cfg.Licences {
		s, known := units[want]
		if !known {
			return fmt.Errorf("microsoft: the tenant has no licence %s; see accounts.microsoft.licences", want)
		}
		if !slices.ContainsFunc(u.Licences, func(l struct {
			SkuID string `json:"skuId"`
		}) bool {
			return strings.EqualFold(l.SkuID, s.ID)
		}) {
			missing = append(missing, add{s.ID, []string{}})
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if u.Location == "" { // somebody took it away, or it was not configured when the user was made (pain 29)
		if p.cfg.UsageLocation == "" {
			return fmt.Errorf("microsoft: %w", errLocation)
		}
		if err := p.patch(ctx, "set the usage location", u, map[string]any{"usageLocation": p.cfg.UsageLocation}); err != nil {
			return err
		}
	}
	err = p.do(ctx, rest.Request{What: "give a licence", Method: http.MethodPost, Path: userPath(u.ID, "/assignLicense"),
		Body: map[string]any{"addLicenses": missing, "removeLicenses": []string{}}, Repeat: true})
	if errors.Is(err, errSeats) {
		return p.seats(ctx, err)
	}
	return unseen(err)
}

// again is how long a row waits for seats that somebody must buy or free.
const again = 15 * time.Minute

// seats says how many there are of what ran out.
func (p *Platform) seats(ctx context.Context, err error) error {
	units, asked := p.skus(ctx, true)
	if asked != nil {
		return &account.Wait{For: again, Err: err}
	}
	for _, want := range p.cfg.Licences {
		if s := units[want]; s.Consumed >= s.seats() {
			err = fmt.Errorf("%w: %s has %d, all in use", err, want, s.seats())
		}
	}
	return &account.Wait{For: again, Err: err}
}
