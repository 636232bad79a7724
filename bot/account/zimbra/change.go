package zimbra

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"vanthu/bot/account"
)

// Create makes the account (CreateAccountRequest). ErrExists when address, user or code is taken, by whomever. The request is sent once:
// what became of one whose reply was lost the next look tells.
func (s *Server) Create(ctx context.Context, a account.Account, password string) error {
	taken, err := s.Lookup(ctx, account.Keys{Codes: []string{a.Code}, Addresses: []string{a.Address}, Users: []string{a.User}})
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", account.ErrUndone, err)
	case len(taken) > 0:
		return fmt.Errorf("%w: zimbra", account.ErrExists)
	case !strings.EqualFold(a.User+"@"+s.cfg.Domain, a.Address) || !plainUser(a.User):
		return fmt.Errorf("%w: zimbra: a user name there is what stands before the @%s of the address, in letters, digits and . _ -", account.ErrPermanent, s.cfg.Domain)
	}
	attributes := []child{attribute(attrName, a.Name), attribute(attrCommon, a.Name), attribute(attrFamily, cmpOr(a.Family, a.Name)), attribute(s.cfg.CodeAttr, a.Code),
		attribute(attrStatus, statusActive)}
	if a.Given != "" {
		attributes = append(attributes, attribute(attrGiven, a.Given))
	}
	if a.Marker != "" {
		attributes = append(attributes, attribute(s.cfg.MarkerAttr, a.Marker))
	}
	if s.cfg.MustChange {
		attributes = append(attributes, attribute(attrMust, "TRUE"))
	}
	if s.cfg.COS != "" {
		id, err := s.cos(ctx)
		if err != nil {
			return fmt.Errorf("%w: %w", account.ErrUndone, err)
		}
		attributes = append(attributes, attribute(attrCOS, id))
	}
	for _, c := range attributes {
		if !writable(c.text) {
			return fmt.Errorf("%w: zimbra: a value holds what XML cannot", account.ErrPermanent)
		}
	}
	_, _, err = s.ask(ctx, s.api, "CreateAccount", element{"name": strings.ToLower(a.Address), "password": password}, false, attributes...)
	return err
}

// plainUser leaves out what RFC 5321 allows in quotes: Zimbra takes it, and other programs do not.
func plainUser(user string) bool {
	return user != "" && strings.IndexFunc(user, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
	}) < 0
}

// writable says whether XML can hold a text as it is (XML 1.0 §2.2).
func writable(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool {
		return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff || r == utf8.RuneError
	}) < 0
}

// cos is the id of the class of service; names are asked for once.
func (s *Server) cos(ctx context.Context) (string, error) {
	if idShape.MatchString(s.cfg.COS) {
		return s.cfg.COS, nil
	}
	s.mu.Lock()
	id := s.cosID
	s.mu.Unlock()
	if id != "" {
		return id, nil
	}
	said, err := s.look(ctx, "GetCos", element{"attrs": "zimbraId"}, selector("cos", "name", s.cfg.COS))
	if err != nil {
		return "", err
	}
	if len(said.COS) != 1 || !idShape.MatchString(said.COS[0].ID) {
		return "", errors.New("zimbra: GetCos: the answer names no class of service")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cosID = said.COS[0].ID
	return s.cosID, nil
}

// SetPassword gives another initial password (SetPasswordRequest), and then demands its change again, which some versions take off
// with it. A suspended account gets none before it is restored.
func (s *Server) SetPassword(ctx context.Context, a account.Account, password string) error {
	e, have, err := s.named(ctx, a)
	if err != nil {
		return err
	}
	if have.Suspended {
		return fmt.Errorf("%w: zimbra: the account is suspended", account.ErrPermanent)
	}
	err = s.change(ctx, "SetPassword", element{"id": e.ID, "newPassword": password})
	if f, ok := errors.AsType[*fault](err); ok && f.Code == codeRecentlyUsed {
		err = nil // nobody else has a random password: an earlier try of ours set it, and its reply was lost
	}
	if err != nil || !s.cfg.MustChange {
		return err
	}
	return s.modify(ctx, e, attribute(attrMust, "TRUE"))
}

// Suspend stops every sign-in: Zimbra looks at the status at each request, so that open sessions end, too. In maintenance nobody signs in,
// either, but that ends by itself (a mailbox that is moved is active afterwards), as pending does.
func (s *Server) Suspend(ctx context.Context, a account.Account) error {
	e, _, err := s.named(ctx, a)
	if err != nil {
		return err
	}
	switch e.one(attrStatus) {
	case statusLocked, statusClosed: // by us, or by an administrator: it stays so
		return nil
	}
	return s.modify(ctx, e, attribute(attrStatus, s.cfg.Suspended))
}

// Restore makes the account active again, with the password of before.
func (s *Server) Restore(ctx context.Context, a account.Account) error {
	e, have, err := s.named(ctx, a)
	if err != nil || !have.Suspended {
		return err
	}
	return s.modify(ctx, e, attribute(attrStatus, statusActive))
}

// Erase deletes account and mailbox (DeleteAccountRequest). It cannot be undone; who wants that suspends first ([deletion]).
func (s *Server) Erase(ctx context.Context, a account.Account) error {
	e, _, err := s.named(ctx, a)
	if err == nil {
		err = s.change(ctx, "DeleteAccount", element{"id": e.ID})
	}
	if errors.Is(err, account.ErrGone) {
		return nil
	}
	return err
}

func (s *Server) modify(ctx context.Context, e entry, attributes ...child) error {
	return s.change(ctx, "ModifyAccount", element{"id": e.ID}, attributes...)
}

// named returns the entry of the account that a names, and no other's.
func (s *Server) named(ctx context.Context, a account.Account) (entry, account.Account, error) {
	if a.Code == "" {
		return entry{}, account.Account{}, a.Is(a) // says so
	}
	var people []entry
	err := s.search(ctx, "("+s.cfg.CodeAttr+"="+escape(a.Code)+")", "accounts", "", pageOfSearch, func(e entry, _ bool) error {
		people = append(people, e)
		return nil
	})
	switch {
	case err != nil:
		return entry{}, account.Account{}, err
	case len(people) == 0:
		return entry{}, account.Account{}, fmt.Errorf("zimbra: %w", account.ErrGone)
	case len(people) > 1:
		return entry{}, account.Account{}, fmt.Errorf("%w: zimbra: %d accounts have its code", account.ErrOther, len(people))
	}
	have := s.account(people[0], true)
	if !idShape.MatchString(people[0].ID) {
		return entry{}, have, errors.New("zimbra: SearchDirectory: an account without an id")
	}
	return people[0], have, have.Is(a)
}
