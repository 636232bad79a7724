package local

import (
	"bufio"
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-message/textproto"
)

// A numbered is one mail of the selected folder with its sequence number; it is a copy, safe without the lock.
type numbered struct {
	seq uint32
	message
}

// pick returns the mails of set that are still there. The caller holds both locks.
func (s *session) pick(set imap.NumSet) []numbered {
	set = s.static(set)
	var picked []numbered
	for i, uid := range s.view {
		seq := uint32(i + 1)
		switch set := set.(type) {
		case imap.UIDSet:
			if !set.Contains(uid) {
				continue
			}
		case imap.SeqSet:
			if !set.Contains(seq) {
				continue
			}
		}
		if m := s.folder.byUID(uid); m != nil {
			picked = append(picked, numbered{seq: seq, message: *m})
		}
	}
	return picked
}

// static puts the largest number in the place of "*" (RFC 9051 §9, seq-range).
func (s *session) static(set imap.NumSet) imap.NumSet {
	number := func(n, largest uint32) uint32 {
		if n == 0 {
			return largest
		}
		return n
	}
	switch set := set.(type) {
	case imap.SeqSet:
		var fixed imap.SeqSet
		for _, r := range set {
			largest := uint32(len(s.view))
			fixed.AddRange(number(r.Start, largest), number(r.Stop, largest))
		}
		return fixed
	case imap.UIDSet:
		largest := uint32(s.folder.next - 1)
		if len(s.view) > 0 {
			largest = uint32(s.view[len(s.view)-1])
		}
		var fixed imap.UIDSet
		for _, r := range set {
			fixed.AddRange(imap.UID(number(uint32(r.Start), largest)), imap.UID(number(uint32(r.Stop), largest)))
		}
		return fixed
	}
	return set
}

// selected runs f with both locks held, the session's first.
func (s *session) selected(f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	if s.folder == nil {
		return refuse("", "No mailbox is selected")
	}
	return f()
}

func (s *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, o *imap.FetchOptions) error {
	seen := slices.ContainsFunc(o.BodySection, func(b *imap.FetchItemBodySection) bool { return !b.Peek })
	var picked []numbered
	err := s.selected(func() error {
		if picked = s.pick(set); !seen {
			return nil
		}
		s.flag(picked, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagSeen}})
		picked = s.pick(set)
		return nil
	})
	if err != nil {
		return err
	}
	for _, m := range picked {
		if err := m.write(w.CreateMessage(m.seq), o); err != nil {
			return err
		}
	}
	return nil
}

func (m numbered) write(w *imapserver.FetchResponseWriter, o *imap.FetchOptions) error {
	w.WriteUID(m.uid)
	if o.Flags {
		w.WriteFlags(m.flags)
	}
	if o.InternalDate {
		w.WriteInternalDate(m.at)
	}
	if o.RFC822Size {
		w.WriteRFC822Size(int64(len(m.raw)))
	}
	if o.Envelope {
		// A header block that cannot be read gives an empty envelope.
		header, _ := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(m.raw)))
		w.WriteEnvelope(imapserver.ExtractEnvelope(header))
	}
	if o.BodyStructure != nil {
		w.WriteBodyStructure(imapserver.ExtractBodyStructure(bytes.NewReader(m.raw)))
	}
	for _, section := range o.BodySection {
		part := m.section(section)
		body := w.WriteBodySection(section, int64(len(part)))
		_, err := body.Write(part)
		if err = errors.Join(err, body.Close()); err != nil {
			return err
		}
	}
	return w.Close()
}

// section gives the whole mail and its header block byte for byte as they came; finer cuts are the library's.
func (m numbered) section(item *imap.FetchItemBodySection) []byte {
	plain := len(item.Part) == 0 && len(item.HeaderFields) == 0 && len(item.HeaderFieldsNot) == 0 && item.Partial == nil
	switch {
	case plain && item.Specifier == imap.PartSpecifierNone:
		return m.raw
	case plain && item.Specifier == imap.PartSpecifierHeader:
		header, _ := splitHeader(m.raw)
		return header
	default:
		return imapserver.ExtractBodySection(bytes.NewReader(m.raw), item)
	}
}

func (s *session) Store(w *imapserver.FetchWriter, set imap.NumSet, change *imap.StoreFlags, _ *imap.StoreOptions) error {
	var picked []numbered
	err := s.selected(func() error {
		s.flag(s.pick(set), change)
		picked = s.pick(set)
		return nil
	})
	if err != nil || change.Silent {
		return err
	}
	for _, m := range picked {
		if err := m.write(w.CreateMessage(m.seq), &imap.FetchOptions{Flags: true}); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) flag(picked []numbered, change *imap.StoreFlags) {
	for _, p := range picked {
		m := s.folder.byUID(p.uid)
		kept := slices.Clone(m.flags)
		if change.Op == imap.StoreFlagsSet {
			kept = nil
		}
		for _, flag := range change.Flags {
			kept = slices.DeleteFunc(kept, func(f imap.Flag) bool { return strings.EqualFold(string(f), string(flag)) })
			if change.Op != imap.StoreFlagsDel {
				kept = append(kept, flag)
			}
		}
		m.flags = kept
	}
	s.store.tell()
}

func hasFlag(flags []imap.Flag, flag imap.Flag) bool {
	return slices.ContainsFunc(flags, func(f imap.Flag) bool { return strings.EqualFold(string(f), string(flag)) })
}

// Expunge removes what is marked \Deleted (of uids alone when given); the poll after the command says it.
func (s *session) Expunge(_ *imapserver.ExpungeWriter, uids *imap.UIDSet) error {
	return s.selected(func() error {
		gone := make(map[imap.UID]bool)
		for _, m := range s.folder.mails {
			gone[m.uid] = hasFlag(m.flags, imap.FlagDeleted) && (uids == nil || uids.Contains(m.uid))
		}
		s.folder.remove(gone)
		s.store.tell()
		return nil
	})
}

func (s *session) Copy(set imap.NumSet, to string) (*imap.CopyData, error) {
	var data *imap.CopyData
	err := s.selected(func() (err error) {
		data, err = s.copy(s.pick(set), to)
		return err
	})
	return data, err
}

func (s *session) Move(w *imapserver.MoveWriter, set imap.NumSet, to string) error {
	var data *imap.CopyData
	err := s.selected(func() (err error) {
		picked := s.pick(set)
		if data, err = s.copy(picked, to); err != nil {
			return err
		}
		gone := make(map[imap.UID]bool)
		for _, m := range picked {
			gone[m.uid] = true
		}
		s.folder.remove(gone)
		return nil
	})
	if err != nil || len(data.SourceUIDs) == 0 {
		return err
	}
	return w.WriteCopyData(data) // RFC 6851 §4.3; the poll after the command says the EXPUNGEs
}

func (s *session) copy(picked []numbered, to string) (*imap.CopyData, error) {
	target, err := s.named(to, imap.ResponseCodeTryCreate)
	if err != nil {
		return nil, err
	}
	if target == s.folder {
		return nil, refuse(imap.ResponseCodeCannot, "Source and destination are the same")
	}
	data := &imap.CopyData{UIDValidity: target.validity}
	for _, m := range picked {
		data.SourceUIDs.AddNum(m.uid)
		data.DestUIDs.AddNum(target.append(&message{raw: m.raw, at: m.at, flags: m.flags}))
	}
	s.store.tell()
	return data, nil
}

// Search knows numbers, flags, sizes and their combinations; a client that searches texts is told so.
func (s *session) Search(kind imapserver.NumKind, c *imap.SearchCriteria, _ *imap.SearchOptions) (*imap.SearchData, error) {
	var seqs imap.SeqSet
	var uids imap.UIDSet
	data := &imap.SearchData{}
	err := s.selected(func() error {
		if !searchable(c) {
			return refuse(imap.ResponseCodeCannot, "This server searches numbers, flags and sizes only")
		}
		for _, m := range s.pick(imap.UIDSet{{Start: 1, Stop: 0}}) {
			if !s.meets(m, c) {
				continue
			}
			n := m.seq
			if kind == imapserver.NumKindUID {
				n = uint32(m.uid)
			}
			seqs.AddNum(m.seq)
			uids.AddNum(m.uid)
			if data.Min == 0 {
				data.Min = n
			}
			data.Max = n
			data.Count++
		}
		return nil
	})
	data.All = seqs
	if kind == imapserver.NumKindUID {
		data.All = uids
	}
	return data, err
}

func searchable(c *imap.SearchCriteria) bool {
	if len(c.Header)+len(c.Body)+len(c.Text) > 0 || c.ModSeq != nil ||
		!c.Since.IsZero() || !c.Before.IsZero() || !c.SentSince.IsZero() || !c.SentBefore.IsZero() {
		return false
	}
	for i := range c.Not {
		if !searchable(&c.Not[i]) {
			return false
		}
	}
	for i := range c.Or {
		if !searchable(&c.Or[i][0]) || !searchable(&c.Or[i][1]) {
			return false
		}
	}
	return true
}

func (s *session) meets(m numbered, c *imap.SearchCriteria) bool {
	size := int64(len(m.raw))
	if c.Larger != 0 && size <= c.Larger || c.Smaller != 0 && size >= c.Smaller {
		return false
	}
	for _, set := range c.SeqNum {
		fixed := s.static(set).(imap.SeqSet)
		if !fixed.Contains(m.seq) {
			return false
		}
	}
	for _, set := range c.UID {
		if !s.static(set).(imap.UIDSet).Contains(m.uid) {
			return false
		}
	}
	for _, flag := range c.Flag {
		if !hasFlag(m.flags, flag) {
			return false
		}
	}
	for _, flag := range c.NotFlag {
		if hasFlag(m.flags, flag) {
			return false
		}
	}
	for i := range c.Not {
		if s.meets(m, &c.Not[i]) {
			return false
		}
	}
	for i := range c.Or {
		if !s.meets(m, &c.Or[i][0]) && !s.meets(m, &c.Or[i][1]) {
			return false
		}
	}
	return true
}
