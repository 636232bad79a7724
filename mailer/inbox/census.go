package inbox

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// A Listed is one mail as it lies in a folder.
type Listed struct {
	UID    uint32
	Size   int64  // RFC822.SIZE
	Header []byte // the fields Message-ID and Subject
}

// A Folder is what lies in a folder.
type Folder struct {
	Name     string // as the server calls it; "" when there is no such folder
	Validity uint32
	UIDs     []uint32 // ascending
}

// A Census counts what lies in a mailbox and its folders, over a connection of its own and without changing anything: folders
// are opened read-only, nothing is marked as read.
type Census struct {
	cfg  Config
	s    *session
	open string
}

// NewCensus connects. Poll, MaxSize, Batch, Mailbox and Status of cfg are not used.
func NewCensus(ctx context.Context, cfg Config) (*Census, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s, err := connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &Census{cfg: cfg, s: s}, nil
}

// Close ends the connection.
func (c *Census) Close() { c.s.close() }

// Folder lists a folder by the name of the configuration.
func (c *Census) Folder(ctx context.Context, folder string) (Folder, error) {
	prefix, err := c.s.prefix(ctx)
	if err != nil {
		return Folder{}, err
	}
	for _, name := range slices.Compact([]string{folder, prefix + folder}) {
		if !strings.EqualFold(name, "INBOX") {
			if there, err := c.s.exists(ctx, name); err != nil || !there {
				if err != nil {
					return Folder{}, fmt.Errorf("counting %s: %w", folder, err)
				}
				continue
			}
		}
		return c.list(ctx, name)
	}
	return Folder{}, nil
}

func (c *Census) list(ctx context.Context, name string) (Folder, error) {
	validity, err := c.s.open(ctx, name, true)
	if err != nil {
		return Folder{}, fmt.Errorf("counting %s: %w", name, err)
	}
	c.open = name
	uids, err := c.s.list(ctx)
	if err != nil {
		return Folder{}, fmt.Errorf("counting %s: %w", name, err)
	}
	return Folder{Name: name, Validity: validity, UIDs: uids}, nil
}

// Describe says what the mails of the folder are that was listed last.
func (c *Census) Describe(ctx context.Context, uids []uint32) ([]Listed, error) {
	section := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Message-ID", "Subject"}, Peek: true}
	options := &imap.FetchOptions{UID: true, RFC822Size: true, BodySection: []*imap.FetchItemBodySection{section}}
	var all []Listed
	for some := range slices.Chunk(uids, together) {
		err := c.s.fetch(ctx, uidSet(some), options, &piece{section: section, limit: headerSize, cut: true}, func(f found) error {
			all = append(all, Listed{UID: f.uid, Size: f.size, Header: f.body})
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("counting %s: %w", c.open, err)
		}
	}
	return all, nil
}
