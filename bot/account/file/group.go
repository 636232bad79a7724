package file

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"vanthu/bot/account"
)

// Groups stand in a file of their own beside the accounts, one JSON line each; of several lines with one address the last counts. Both
// files are written under the one lock, so that no address is given twice.

type groupLine struct {
	Address string   `json:"address"`
	Name    string   `json:"name"`
	Marker  string   `json:"marker,omitempty"`
	Owner   string   `json:"owner,omitempty"`
	Members []string `json:"members"`
}

func (d *Directory) groupPath() string { return d.path + ".groups" }

// mostGroups bounds the file of groups, in bytes.
const mostGroups = 64 << 20

// groups reads the file; one that is not there has none.
func (d *Directory) groups() (map[string]groupLine, error) {
	data, err := os.ReadFile(d.groupPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("account file: groups: %w", err)
	}
	if len(data) > mostGroups {
		return nil, fmt.Errorf("%w: account file %s: more than %d bytes", account.ErrPermanent, d.groupPath(), mostGroups)
	}
	return parseGroups(data, d.groupPath())
}

func parseGroups(data []byte, path string) (map[string]groupLine, error) {
	all := make(map[string]groupLine)
	n := 0
	for text := range bytes.Lines(data) {
		n++
		if len(bytes.TrimSpace(text)) == 0 || !bytes.HasSuffix(text, []byte("\n")) { // an editor; or what a crash tore
			continue
		}
		var l groupLine
		if json.Unmarshal(text, &l) != nil || l.Address == "" {
			return nil, fmt.Errorf("%w: account file %s: line %d is not a group", account.ErrPermanent, path, n)
		}
		all[fold(l.Address)] = l
	}
	return all, nil
}

// Group returns the group with that address.
func (d *Directory) Group(ctx context.Context, address string) (*account.Group, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("account file: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	all, err := d.groups()
	if err != nil {
		return nil, err
	}
	l, ok := all[fold(address)]
	if !ok {
		return nil, nil
	}
	return &account.Group{Address: l.Address, Name: l.Name, Marker: l.Marker, Owner: l.Owner, Members: slices.Clone(l.Members)}, nil
}

// MakeGroup appends the group.
func (d *Directory) MakeGroup(ctx context.Context, g account.Group) error {
	return d.changeGroup(ctx, g, func(l *groupLine, there bool, known *index) (bool, error) {
		if there || len(known.lookup(account.Keys{Addresses: []string{g.Address}})) > 0 {
			return false, fmt.Errorf("%w: account file", account.ErrExists)
		}
		*l = groupLine{Address: g.Address, Name: g.Name, Marker: g.Marker, Owner: g.Owner, Members: slices.Clone(g.Members)}
		return true, nil
	})
}

// JoinGroup appends the group as it is with its new members.
func (d *Directory) JoinGroup(ctx context.Context, g account.Group) error {
	return d.changeGroup(ctx, g, func(l *groupLine, there bool, _ *index) (bool, error) {
		switch {
		case !there:
			return false, fmt.Errorf("account file: group: %w", account.ErrGone)
		case l.Marker != g.Marker:
			return false, fmt.Errorf("account file: group: %w: it has not our marker", account.ErrOther)
		}
		changed := l.Owner == "" && g.Owner != ""
		if changed {
			l.Owner = g.Owner
		}
		for _, user := range g.Members {
			if !slices.ContainsFunc(l.Members, func(m string) bool { return strings.EqualFold(m, user) }) {
				l.Members, changed = append(l.Members, user), true
			}
		}
		slices.Sort(l.Members)
		return changed, nil
	})
}

func (d *Directory) changeGroup(ctx context.Context, g account.Group, f func(l *groupLine, there bool, known *index) (changed bool, err error)) error {
	return d.locked(ctx, func(known *index) error {
		all, err := d.groups()
		if err != nil {
			return err
		}
		l, there := all[fold(g.Address)]
		changed, err := f(&l, there, known)
		if err != nil || !changed {
			return err
		}
		text, err := json.Marshal(l)
		if err != nil {
			return fmt.Errorf("%w: account file: not to be written as JSON", account.ErrPermanent)
		}
		if err := d.appendGroup(append(text, '\n')); err != nil {
			return fmt.Errorf("account file: groups: %w", err)
		}
		return nil
	})
}

// appendGroup writes behind the whole lines, and syncs.
func (d *Directory) appendGroup(text []byte) error {
	f, err := os.OpenFile(d.groupPath(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	data, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	_, err = appendLine(d.groupPath(), text, int64(bytes.LastIndexByte(data, '\n')+1))
	return errors.Join(err, syncDir(d.groupPath()))
}

// asAccounts are groups as Lookup shows who has an address: an address of a group is as taken as one of a person (FR-17).
func asAccounts(groups map[string]groupLine, addresses []string) (found []account.Account) {
	for _, address := range addresses {
		if l, ok := groups[fold(address)]; ok && address != "" {
			found = append(found, account.Account{Address: l.Address, Name: l.Name, Marker: l.Marker})
		}
	}
	return found
}
