package ldap

import (
	"crypto/tls"
	"maps"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/jimlambrt/gldap"
)

const (
	bindDN   = "cn=vanthu,dc=truong,dc=example"
	bindPass = "Canary-bind-1"
	baseDN   = "ou=students,dc=truong,dc=example"
)

// memory is a small directory behind a real LDAP listener: bind, add with unique values, search by OR of equalities, modify
// and delete.
type memory struct {
	url string

	mu      sync.Mutex
	entries map[string]map[string][]string // DN → lower-case attribute → values
	binds   int
	answer  func(add *gldap.AddMessage) (code int, text string, handled bool) // says something else than the directory would
}

func startMemory(t testing.TB, secure *tls.Config) *memory {
	t.Helper()
	m := &memory{entries: map[string]map[string][]string{strings.ToLower(baseDN): {"objectclass": {"organizationalUnit"}}}}
	server, err := gldap.NewServer()
	if err != nil {
		t.Fatal(err)
	}
	mux, err := gldap.NewMux()
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{mux.Bind(m.bind), mux.Add(m.add), mux.Search(m.search), mux.Modify(m.modify), mux.Delete(m.delete), server.Router(mux)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	address := ownIP() + ":3389"
	scheme, options := "ldap://", []gldap.Option(nil)
	if secure != nil {
		scheme, options = "ldaps://", []gldap.Option{gldap.WithTLSConfig(secure)}
	}
	m.url = scheme + address
	stopped, ended := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(ended)
		stopped <- server.Run(address, options...)
	}()
	awaitPort(t, address, ended)
	// gldap waits for its connections on a WaitGroup to which it may add meanwhile. One connection that has been answered and
	// stays keeps that from zero, which is where the race detector looks.
	first, err := goldap.DialURL(m.url, goldap.DialWithTLSConfig(&tls.Config{InsecureSkipVerify: true})) //nolint:gosec // nothing is said
	if err != nil {
		t.Fatal(err)
	}
	_, _ = first.Search(goldap.NewSearchRequest(baseDN, goldap.ScopeBaseObject, goldap.NeverDerefAliases, 1, 1, false, "(objectClass=*)", nil, nil))
	t.Cleanup(func() {
		_ = first.Close()
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	return m
}

func (m *memory) bind(w *gldap.ResponseWriter, r *gldap.Request) {
	response := r.NewBindResponse(gldap.WithResponseCode(gldap.ResultInvalidCredentials))
	defer func() { _ = w.Write(response) }()
	message, err := r.GetSimpleBindMessage()
	if err != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.binds++
	if message.UserName == bindDN && message.Password == bindPass {
		response.SetResultCode(gldap.ResultSuccess)
	}
}

func (m *memory) add(w *gldap.ResponseWriter, r *gldap.Request) {
	response := r.NewResponse(gldap.WithApplicationCode(gldap.ApplicationAddResponse), gldap.WithResponseCode(gldap.ResultOperationsError))
	defer func() { _ = w.Write(response) }()
	message, err := r.GetAddMessage()
	if err != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.answer != nil {
		if code, text, handled := m.answer(message); handled {
			response.SetResultCode(code)
			response.SetDiagnosticMessage(text)
			return
		}
	}
	entry := map[string][]string{}
	for _, a := range message.Attributes {
		entry[strings.ToLower(a.Type)] = a.Vals
	}
	dn := strings.ToLower(message.DN)
	if m.entries[dn] != nil {
		response.SetResultCode(gldap.ResultEntryAlreadyExists)
		return
	}
	for _, other := range m.entries {
		for _, unique := range []string{"uid", "mail", "employeenumber"} {
			if len(entry[unique]) > 0 && len(other[unique]) > 0 && strings.EqualFold(entry[unique][0], other[unique][0]) {
				response.SetResultCode(gldap.ResultConstraintViolation)
				response.SetDiagnosticMessage("some attributes not unique")
				return
			}
		}
	}
	m.entries[dn] = entry
	response.SetResultCode(gldap.ResultSuccess)
}

func (m *memory) modify(w *gldap.ResponseWriter, r *gldap.Request) {
	response := r.NewModifyResponse(gldap.WithResponseCode(gldap.ResultNoSuchObject))
	defer func() { _ = w.Write(response) }()
	message, err := r.GetModifyMessage()
	if err != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	entry := maps.Clone(m.entries[strings.ToLower(message.DN)])
	if entry == nil {
		return
	}
	for _, change := range message.Changes {
		name, values := strings.ToLower(change.Modification.Type), octetStrings(change.Modification.Vals)
		have := slices.Clone(entry[name])
		switch change.Operation {
		case gldap.AddAttribute:
			have = append(have, values...)
		case gldap.ReplaceAttribute:
			have = values
		case gldap.DeleteAttribute:
			before := len(have)
			have = slices.DeleteFunc(have, func(v string) bool { return len(values) == 0 || slices.Contains(values, v) })
			if len(have) == before {
				response.SetResultCode(gldap.ResultNoSuchAttribute)
				return
			}
		}
		entry[name] = have
	}
	m.entries[strings.ToLower(message.DN)] = entry // all of it or nothing (RFC 4511 §4.6)
	response.SetResultCode(gldap.ResultSuccess)
}

// octetStrings takes the values of a change apart, which gldap 0.1.14 leaves as one encoded SET (X.690 §8.7, §8.12).
func octetStrings(sets []string) (values []string) {
	rest := strings.Join(sets, "")
	for len(rest) > 2 {
		n, head := int(rest[1]), 2
		if n >= 0x80 {
			size := 0
			for _, b := range []byte(rest[2 : 2+n-0x80]) {
				size = size<<8 | int(b)
			}
			n, head = size, 2+n-0x80
		}
		values, rest = append(values, rest[head:head+n]), rest[head+n:]
	}
	return values
}

func (m *memory) delete(w *gldap.ResponseWriter, r *gldap.Request) {
	response := r.NewResponse(gldap.WithApplicationCode(gldap.ApplicationDelResponse), gldap.WithResponseCode(gldap.ResultNoSuchObject))
	defer func() { _ = w.Write(response) }()
	message, err := r.GetDeleteMessage()
	if err != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	dn := strings.ToLower(message.DN)
	if m.entries[dn] != nil {
		delete(m.entries, dn)
		response.SetResultCode(gldap.ResultSuccess)
	}
}

func (m *memory) search(w *gldap.ResponseWriter, r *gldap.Request) {
	response := r.NewSearchDoneResponse(gldap.WithResponseCode(gldap.ResultNoSuchObject))
	defer func() { _ = w.Write(response) }()
	message, err := r.GetSearchMessage()
	if err != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries[strings.ToLower(message.BaseDN)] == nil {
		return
	}
	response.SetResultCode(gldap.ResultSuccess)
	for dn, entry := range m.entries {
		if !matches(message.Filter, entry) {
			continue
		}
		found := r.NewSearchResponseEntry(dn)
		for _, name := range message.Attributes {
			if values := entry[strings.ToLower(name)]; values != nil {
				found.AddAttribute(name, values)
			}
		}
		_ = w.Write(found)
	}
}

// matches evaluates what the code under test may ask: (|(attribute=value)…) and (objectClass=*).
func matches(filter string, entry map[string][]string) bool {
	filter = strings.TrimSuffix(strings.TrimPrefix(filter, "(|"), "))")
	for part := range strings.SplitSeq(filter, ")(") { // values have their parentheses escaped
		name, value, _ := strings.Cut(strings.TrimLeft(part, "("), "=")
		if strings.TrimRight(value, ")") == "*" {
			return true
		}
		for _, v := range entry[strings.ToLower(name)] {
			if strings.EqualFold(v, unescape(value)) {
				return true
			}
		}
	}
	return false
}

// unescape undoes RFC 4515 §3.
func unescape(value string) string {
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] == '\\' && i+2 < len(value) {
			if n, err := strconv.ParseUint(value[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(value[i])
	}
	return b.String()
}

// ownIP is an address for one server alone, in 127.0.0.0/8: a port that was found free may be taken before the server takes
// it, be it by a listener that a child process still holds between fork and exec.
func ownIP() string {
	return net.IPv4(127, byte(1+rand.IntN(250)), byte(rand.IntN(256)), byte(1+rand.IntN(250))).String()
}

// awaitPort returns when somebody accepts connections; it fails when the server ends instead.
func awaitPort(t testing.TB, address string, ended <-chan struct{}) {
	t.Helper()
	for {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = c.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("the server did not start: %v", err)
		default:
			runtime.Gosched()
		}
	}
}

func config(url string) Config {
	return Config{URL: url, Insecure: strings.HasPrefix(url, "ldap://"), BindDN: bindDN, Password: bindPass, Base: baseDN}
}

func directory(t testing.TB, cfg Config) *Directory {
	t.Helper()
	d, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}
