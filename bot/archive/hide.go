package archive

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"
)

// A Hider puts x in the place of tokens, letter for letter: what lies in a cupboard must open nothing, and a mail stays as long as
// it was.
type Hider struct{ secret *regexp.Regexp }

// NewHider hides these tokens, and whatever stands as a token behind local+ of the service address or behind tag.
func NewHider(tokens []string, service, plus, tag string, length int) Hider {
	local, domain, _ := strings.Cut(service, "@")
	word := strings.Repeat(broken(`[a-z2-7]`), length)
	var all []string
	for _, t := range tokens {
		if t != "" {
			var b strings.Builder
			for _, r := range t {
				b.WriteString(broken(regexp.QuoteMeta(string(r))))
			}
			all = append(all, "(?:"+b.String()+")")
		}
	}
	if plus != "" {
		all = append(all, spelt(local+plus)+`(?:x`+soft+`)?(?:`+word+`)`+spelt("@"+domain))
	}
	all = append(all, spelt(tag)+`(?:`+word+`)`)
	return Hider{regexp.MustCompile("(?i)" + strings.Join(all, "|"))}
}

// soft is a soft line break of quoted-printable (RFC 2045 §6.7), which may stand within a word.
const soft = `(?:=\r?\n)?`

func broken(letter string) string { return letter + soft }

// spelt is a text with soft line breaks anywhere in it; "+", "@" and "-" may be encoded.
func spelt(text string) string {
	var b strings.Builder
	for _, r := range text {
		letter := regexp.QuoteMeta(string(r))
		switch r {
		case '+':
			letter = `(?:\+|=2B)`
		case '@':
			letter = `(?:@|=40)`
		case '-':
			letter = `(?:-|=2D)`
		}
		b.WriteString(broken(letter))
	}
	return b.String()
}

// base64Block is what may be base64: at least one long line, and what follows it.
var base64Block = regexp.MustCompile(`(?m)^[A-Za-z0-9+/]{20,}={0,2}\r?\n?(?:[A-Za-z0-9+/]{2,}={0,2}\r?\n?)*`)

// Hide returns the bytes without tokens, and whether there were any. Blocks in base64 are looked into.
func (h Hider) Hide(data []byte) ([]byte, bool) {
	found := false
	hide := func(data []byte) []byte {
		return h.secret.ReplaceAllFunc(data, func(hit []byte) []byte {
			found = true
			return bytes.Map(func(r rune) rune {
				if r == '=' || r == '\r' || r == '\n' || r == '@' || r == '+' || r == '-' {
					return r
				}
				return 'x'
			}, hit)
		})
	}
	data = hide(data)
	data = base64Block.ReplaceAllFunc(data, func(block []byte) []byte {
		packed := bytes.Map(func(r rune) rune {
			if r == '\r' || r == '\n' {
				return -1
			}
			return r
		}, block)
		plain := make([]byte, base64.StdEncoding.DecodedLen(len(packed)))
		n, err := base64.StdEncoding.Decode(plain, packed)
		if err != nil || !h.secret.Match(plain[:n]) {
			return block
		}
		again := base64.StdEncoding.EncodeToString(hide(plain[:n])) // as long as it was
		i := 0
		return bytes.Map(func(r rune) rune {
			if r == '\r' || r == '\n' {
				return r
			}
			i++
			return rune(again[i-1])
		}, block)
	})
	return data, found
}
