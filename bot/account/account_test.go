package account

import (
	"context"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestUserName(t *testing.T) {
	t.Parallel()
	p := Policy{Domain: "SV.truong.example", Reserved: []string{"KhoaY", "ya-k51", "lop*"}}
	for _, c := range []struct{ code, user, rule string }{
		{"2153010001", "2153010001", ""},
		{"Y21A0045", "y21a0045", ""},
		{" 2153010001\u00a0", "2153010001", ""},
		{"an.21530", "an.21530", ""},
		{"ab", "ab", ""},
		{strings.Repeat("a", 64), strings.Repeat("a", 64), ""},

		{"", "", "ACC-02"},
		{"សុខ", "", "ACC-02"},
		{"Đ2153", "", "ACC-02"},
		{"21-53", "", "ACC-02"},
		{"21 53", "", "ACC-02"},
		{"a.b.c", "", "ACC-02"},
		{".a", "", "ACC-02"},
		{"a.", "", "ACC-02"},
		{"a@b", "", "ACC-02"},
		{"a\nb", "", "ACC-02"},
		{"21\u212a", "21k", ""}, // the Kelvin sign is a k in lower case

		{"a", "", "ACC-03"},
		{strings.Repeat("a", 65), "", "ACC-03"},
		{"admin", "", "ACC-03"},
		{"PostMaster", "", "ACC-03"},
		{"loptruong21", "", "ACC-03"},
		{"khoay", "", "ACC-03"},
		{"lop", "", "ACC-03"},
		{"lop21", "", "ACC-03"},
	} {
		user, address, err := p.UserName(Holder{Code: c.code}, 1)
		if c.rule == "" {
			if err != nil || user != c.user || address != c.user+"@sv.truong.example" {
				t.Errorf("%q: user %q, address %q, error %v", c.code, user, address, err)
			}
			continue
		}
		if e, ok := errors.AsType[*NameError](err); !ok || e.Rule != c.rule || user != "" || address != "" {
			t.Errorf("%q: user %q, error %v, want %s", c.code, user, err, c.rule)
		}
	}
	if _, _, err := (Policy{}).UserName(Holder{Code: "2153010001"}, 1); err == nil {
		t.Error("an address without a domain")
	}
}

func FuzzUserName(f *testing.F) {
	f.Add("2153010001")
	f.Fuzz(func(t *testing.T, code string) {
		user, address, err := Policy{Domain: "truong.example"}.UserName(Holder{Code: code}, 1)
		if err != nil {
			return
		}
		if len(user) < minUser || len(user) > maxUser || strings.Trim(user, "abcdefghijklmnopqrstuvwxyz0123456789.") != "" {
			t.Fatalf("%q gives the user name %q", code, user)
		}
		if address != user+"@truong.example" {
			t.Fatalf("%q gives the address %q", code, address)
		}
	})
}

func TestSplitName(t *testing.T) {
	t.Parallel()
	for full, want := range map[string][2]string{
		"Nguyễn Thị Ánh Tuyết": {"Nguyễn", "Thị Ánh Tuyết"},
		"  Lê   Văn  ":         {"Lê", "Văn"},
		"Lê":                   {"Lê", ""},
		"H'Ơn Niê Kđăm":        {"H'Ơn", "Niê Kđăm"},
		"Lê\u00a0Văn":          {"Lê", "Văn"},
		"":                     {"", ""},
	} {
		family, given := SplitName(full)
		if family != want[0] || given != want[1] {
			t.Errorf("%q: family %q, given %q, want %q", full, family, given, want)
		}
	}
}

func TestHashPassword(t *testing.T) {
	t.Parallel()
	const password = "Canary7Canary7"
	for scheme, prefix := range map[string]string{
		SSHA512: "{SSHA512}", SSHA: "{SSHA}", Argon2: "{ARGON2}$argon2id$v=19$m=19456,t=2,p=1$",
	} {
		hash, err := HashPassword(scheme, password)
		if err != nil || !strings.HasPrefix(hash, prefix) || strings.Contains(hash, password) || !utf8.ValidString(hash) {
			t.Errorf("%s: %q…, error %v", scheme, prefix, err)
		}
		again, err := HashPassword(scheme, password)
		if err != nil || hash == again {
			t.Errorf("%s: no salt (error %v)", scheme, err)
		}
		if !CheckPassword(hash, password) || CheckPassword(hash, password+"x") || CheckPassword(hash, "") {
			t.Errorf("%s: the check takes the wrong password or refuses the right one", scheme)
		}
		for cut := range len(hash) {
			if CheckPassword(hash[:cut], password) {
				t.Errorf("%s: %d bytes of the hash are enough", scheme, cut)
			}
		}
	}
	if _, err := HashPassword("md5", password); !errors.Is(err, ErrScheme) {
		t.Errorf("error %v, want ErrScheme", err)
	}
	if CheckPassword(password, password) || CheckPassword("{ARGON2}$argon2id$v=19$m=4294967295,t=9999,p=1$AAAA$AAAA", password) {
		t.Error("took what is no hash of ours")
	}
}

// canned answers every look with the same accounts.
type canned struct {
	Platform // what Ensure never asks for
	found    []Account
	create   error
	made     int
}

func (c *canned) Name() string { return "canned" }

func (*canned) Describe() Description { return Description{} }
func (c *canned) Lookup(context.Context, Keys) ([]Account, error) {
	return c.found, nil
}
func (c *canned) Create(context.Context, Account, string) error {
	c.made++
	return c.create
}

func TestEnsureSeesTheDouble(t *testing.T) {
	t.Parallel()
	want := Account{Code: "21", User: "21", Address: "21@truong.example", Name: "Lê Văn", Marker: "vanthu:YC-2026-0001:1"}
	decomposed := want
	decomposed.Name = "Le\u0302  Va\u0306n"
	foreign := want
	foreign.Marker = "vanthu:YC-2026-0002:1"
	renamed := want
	renamed.Address = "other@truong.example"
	for name, c := range map[string]struct {
		found []Account
		want  error
	}{
		"ours":                    {[]Account{want}, nil},
		"ours in another form":    {[]Account{decomposed}, nil},
		"ours and another's":      {[]Account{want, foreign}, ErrExists},
		"ours twice":              {[]Account{want, want}, ErrPermanent},
		"ours at another address": {[]Account{renamed}, ErrPermanent},
	} {
		p := &canned{found: c.found}
		_, err := Ensure(t.Context(), p, want, "x")
		if !errors.Is(err, c.want) || p.made != 0 {
			t.Errorf("%s: error %v after %d creates, want %v after none", name, err, p.made, c.want)
		}
	}
}

func TestEnsureTellsWhatCreateSaid(t *testing.T) {
	t.Parallel()
	want := Account{Code: "21", User: "21", Address: "21@truong.example", Name: "Lê Văn", Marker: "vanthu:YC-2026-0001:1"}
	broken := errors.New("the line is dead")
	for _, c := range []struct{ create, want error }{
		{broken, broken}, {ErrPermanent, ErrPermanent}, {nil, ErrUnseen}, {ErrExists, ErrUnseen},
	} {
		_, err := Ensure(t.Context(), &canned{create: c.create}, want, "x")
		if !errors.Is(err, c.want) || (errors.Is(c.create, ErrExists) && errors.Is(err, ErrExists)) {
			t.Errorf("create says %v: error %v, want %v", c.create, err, c.want)
		}
	}
}

func TestEnsureWantsAWholeAccount(t *testing.T) {
	t.Parallel()
	p := &canned{}
	_, err := Ensure(t.Context(), p, Account{Code: "21", Name: " "}, "")
	if !errors.Is(err, ErrPermanent) || p.made != 0 {
		t.Fatalf("error %v after %d creates", err, p.made)
	}
	for _, field := range []string{"user", "address", "name", "marker", "password"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("error %q does not name the %s", err, field)
		}
	}
}
