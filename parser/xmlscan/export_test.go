package xmlscan

// Prefix returns the namespace prefix of the Start or End token, empty when it has none.
func (s *Scanner) Prefix() []byte {
	if s.kind != Start && s.kind != End || s.colon < s.at {
		return nil
	}
	return s.buf[s.at:s.colon]
}

// Attrs calls yield for each attribute of the Start token in its order, until yield returns false.
func (s *Scanner) Attrs(yield func(local, value []byte) bool) {
	for i := range s.attrs {
		a := &s.attrs[i]
		if !yield(s.buf[max(a.at, a.colon+1):a.stop], s.value(a)) {
			return
		}
	}
}
