package zimbra

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"vanthu/bot/account"
)

// Groups of classes are distribution lists; members and owners are addresses of the domain. The owner has the right ownDistList, which
// shows as one of the owners.

// Group returns the list with that address, nil when there is none.
func (s *Server) Group(ctx context.Context, address string) (*account.Group, error) {
	_, g, err := s.list(ctx, address)
	if errors.Is(err, account.ErrGone) {
		return nil, nil
	}
	return g, err
}

func (s *Server) list(ctx context.Context, address string) (entry, *account.Group, error) {
	said, err := s.look(ctx, "GetDistributionList", element{"limit": 0}, selector("dl", "name", strings.ToLower(address)))
	if err != nil {
		return entry{}, nil, err
	}
	if len(said.Lists) != 1 || !idShape.MatchString(said.Lists[0].ID) {
		return entry{}, nil, errors.New("zimbra: GetDistributionList: the answer names no list")
	}
	e := said.Lists[0]
	g := &account.Group{Address: e.Name, Name: e.one(attrName), Marker: s.marker(e)}
	for _, m := range e.Members {
		g.Members = append(g.Members, s.userOf(m))
	}
	for _, o := range e.Owners {
		if g.Owner == "" {
			g.Owner = s.userOf(o.Name)
		}
	}
	return e, g, nil
}

// userOf is the user name of a member of our domain; others are named by their address.
func (s *Server) userOf(address string) string {
	if user, domain, ok := strings.Cut(address, "@"); ok && strings.EqualFold(domain, s.cfg.Domain) {
		return user
	}
	return address
}

func (s *Server) addressOf(user string) string {
	if strings.Contains(user, "@") {
		return user
	}
	return user + "@" + s.cfg.Domain
}

// MakeGroup makes the list, and then fills it: one that was left empty is filled by JoinGroup.
func (s *Server) MakeGroup(ctx context.Context, g account.Group) error {
	attributes := []child{attribute(attrName, g.Name), attribute(s.cfg.MarkerAttr, g.Marker)}
	said, _, err := s.ask(ctx, s.api, "CreateDistributionList", element{"name": strings.ToLower(g.Address)}, false, attributes...)
	if err != nil {
		return err
	}
	if len(said.Lists) != 1 || !idShape.MatchString(said.Lists[0].ID) {
		return errors.New("zimbra: CreateDistributionList: the answer names no list")
	}
	return s.fill(ctx, said.Lists[0].ID, g.Members, g.Owner)
}

// JoinGroup adds who is not in yet, and the owner when there is none.
func (s *Server) JoinGroup(ctx context.Context, g account.Group) error {
	e, have, err := s.list(ctx, g.Address)
	if err != nil {
		return err
	}
	if have.Marker != account.GroupMarker(g.Address) {
		return fmt.Errorf("%w: zimbra: the list is not ours", account.ErrOther)
	}
	missing := slices.DeleteFunc(slices.Clone(g.Members), func(user string) bool {
		return slices.ContainsFunc(have.Members, func(m string) bool { return strings.EqualFold(m, user) })
	})
	owner := g.Owner
	if have.Owner != "" {
		owner = ""
	}
	return s.fill(ctx, e.ID, missing, owner)
}

// fill may be done twice: whoever is in stays in (soap-admin.txt, AddDistributionListMemberRequest).
func (s *Server) fill(ctx context.Context, id string, users []string, owner string) error {
	if len(users) > 0 {
		var members []child
		for _, user := range users {
			members = append(members, child{name: "dlm", text: s.addressOf(user)})
		}
		if err := s.change(ctx, "AddDistributionListMember", element{"id": id}, members...); err != nil {
			return err
		}
	}
	if owner == "" {
		return nil
	}
	return s.change(ctx, "GrantRight", nil, child{"target", element{"type": "dl", "by": "id"}, id},
		child{"grantee", element{"type": "usr", "by": "name"}, s.addressOf(owner)}, child{name: "right", text: "ownDistList"})
}
