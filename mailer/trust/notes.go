package trust

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"vanthu/mailer/mime"
)

// notes names what an officer should see about the sender of a mail, whatever is proved: who is careful compares it with
// the address that he knows. The address itself is judged letter by letter elsewhere; nothing here believes or refuses.
func notes(msg *mime.Message, address string, p Policy) string {
	var said []string
	say := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	if path := strings.ToLower(msg.ReturnPath); path != "" && path != address {
		say("the envelope sender is %s", clip(path))
	}
	if len(msg.Sender) > 0 && !strings.EqualFold(msg.Sender[0].Address, address) {
		say("the field Sender names %s", clip(strings.ToLower(msg.Sender[0].Address)))
	}
	for _, from := range msg.From {
		for _, shown := range addressesIn(from.Name) {
			if shown != address {
				say("the display name holds the address %s", clip(shown))
			}
		}
	}
	domain := domainOf(address)
	for _, to := range msg.ReplyTo {
		if other := domainOf(to.Address); other != "" && !sameHouse(other, domain) {
			say("answers are wanted at %s, outside the From domain", clip(strings.ToLower(to.Address)))
			break
		}
	}
	if like := p.lookalike(address, domain); like != "" {
		say("the address looks like %s", clip(like))
	}
	if p.AuthservID != "" && forged(msg.Fields, p.AuthservID) {
		say("Authentication-Results with our name stand where the sender could write them: not believed")
	}
	return strings.Join(said, "; ")
}

var addressLike = regexp.MustCompile(`[^\s<>(),;:"\\@\[\]]+@[^\s<>(),;:"\\@\[\]]+\.[^\s<>(),;:"\\@\[\]]+`)

// addressesIn finds addresses in a display name, those written with other forms of @ and of the dot, too.
func addressesIn(name string) []string {
	name = strings.ToLower(norm.NFKC.String(strings.ToValidUTF8(name, "")))
	name = strings.NewReplacer("。", ".", "․", ".").Replace(name)
	found := addressLike.FindAllString(name, 3)
	for i := range found {
		found[i] = strings.Trim(found[i], ".'’`*")
	}
	return slices.Compact(found)
}

// sameHouse says whether one domain is the other or below it.
func sameHouse(a, b string) bool {
	return a == b || strings.HasSuffix(a, "."+b) || strings.HasSuffix(b, "."+a)
}

// lookalike returns the known address or domain that an address could be taken for, "" none.
func (p Policy) lookalike(address, domain string) string {
	local := address[:strings.LastIndexByte(address, '@')]
	var domains []string
	for _, known := range p.Known {
		if known == address {
			return ""
		}
		domains = append(domains, domainOf(known))
	}
	for _, d := range p.Domains {
		domains = append(domains, strings.ToLower(d))
	}
	domains = slices.DeleteFunc(domains, func(d string) bool { return d == "" })
	foreign := !slices.ContainsFunc(domains, func(d string) bool { return sameHouse(domain, d) })
	for _, known := range p.Known {
		at := domainOf(known)
		mailbox := strings.TrimSuffix(known, "@"+at)
		switch {
		case at == "": // no address
		case domain == at && alike(local, mailbox):
			return known
		case foreign && local == mailbox:
			return known
		}
	}
	for _, d := range domains {
		if foreign && (alike(domain, d) || dressed(domain, d)) {
			return d
		}
	}
	return ""
}

// dressed says whether a domain carries another one as a part of its name: "truong.example.evil.example", "truong-example.evil.example".
func dressed(domain, known string) bool {
	flat := strings.ReplaceAll(domain, ".", "-")
	return len(known) > 5 && strings.Contains("-"+flat+"-", "-"+strings.ReplaceAll(known, ".", "-")+"-")
}

// alike says whether two names look the same, or differ by one letter: one more, one less, another one, two that changed places.
func alike(a, b string) bool {
	if len(a) > 253 || len(b) > 253 || len(b) < 4 {
		return false
	}
	x, y := []rune(skeleton(a)), []rune(skeleton(b))
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(y)-len(x) > 1 {
		return false
	}
	i := 0
	for i < len(x) && x[i] == y[i] {
		i++
	}
	if len(x) < len(y) {
		return slices.Equal(x[i:], y[i+1:])
	}
	if i == len(x) || slices.Equal(x[i+1:], y[i+1:]) {
		return true
	}
	return i+1 < len(x) && x[i] == y[i+1] && x[i+1] == y[i] && slices.Equal(x[i+2:], y[i+2:])
}

// confusable are letters that look like Latin ones in the fonts of mail programs: the Cyrillic and Greek letters that Unicode
// TR 39 maps to one Latin letter, and digits.
var confusable = strings.NewReplacer(
	"а", "a", "в", "b", "с", "c", "ԁ", "d", "е", "e", "һ", "h", "і", "i", "ј", "j", "к", "k", "ӏ", "l", "м", "m", "н", "h", "о", "o", "п", "n", "р", "p", "ԛ", "q",
	"г", "r", "ѕ", "s", "т", "t", "у", "y", "ѵ", "v", "ԝ", "w", "х", "x",
	"α", "a", "ε", "e", "η", "n", "ι", "i", "κ", "k", "ν", "v", "ο", "o", "ρ", "p", "τ", "t", "υ", "u", "ω", "w", "χ", "x",
	"ı", "i", "ɡ", "g", "ɩ", "i", "ł", "l", "đ", "d", "ð", "d", "ø", "o", "0", "o", "1", "l", "5", "s", "rn", "m", "vv", "w", "cl", "d")

// skeleton writes a name as it looks: internationalised labels unpacked (RFC 5891), marks dropped, look-alikes made Latin.
func skeleton(name string) string {
	if shown, err := idna.Punycode.ToUnicode(name); err == nil {
		name = shown
	}
	name = strings.Map(func(c rune) rune {
		if unicode.Is(unicode.Mn, c) || unicode.Is(unicode.Cf, c) {
			return -1
		}
		return unicode.ToLower(c)
	}, norm.NFKD.String(name))
	return confusable.Replace(name)
}

// clip bounds what strangers write into a reason, and keeps it on one line.
func clip(s string) string {
	s = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > 100 {
		return string(r[:100]) + "…"
	}
	return s
}
