// Package zimbratest is a Zimbra server for tests, as far as its admin SOAP API is used: written from soap.txt and soap-admin.txt, the API
// reference and the wiki's page on the DoSFilter. It keeps names and aliases unique over people and lists together, and codes not; it
// counts requests by the second; its tokens end; a search shows what a replica of the directory has heard of, Lag ago.
//
// It speaks by the clock that it is given. Zimbra knows neither 409 nor 412: Kinds are the faults that its clients meet.
//
// It is for tests; nothing else may import it.
package zimbratest

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vanthu/bot/account/resttest"
)

// Names of the world of the fake.
const (
	Domain   = "sv.truong.example"
	Other    = "truong.example" // another domain of the same server
	Admin    = "vanthu@truong.example"
	Password = "Canary-admin-1"
	COS      = "sinhvien"
	COSID    = "0f9f4a52-5d5e-4b0a-9a60-52d4a4f2c001"
	Default  = "e00428a1-0c00-11d9-836a-000d93afea2a" // the id of the default class of service
)

// Fake is the server. Set its fields before it is asked.
type Fake struct {
	PerSecond     int                 // zimbraHttpDosFilterMaxRequestsPerSec, default 30; -1: the address is one of zimbraHttpThrottleSafeIPs
	TokenLife     time.Duration       // zimbraAdminAuthTokenLifetime, default 12 h
	Lag           time.Duration       // of the replica that searches ask
	History       bool                // zimbraPasswordEnforceHistory
	KeepsDemand   bool                // SetPassword of an administrator leaves zimbraPasswordMustChange, as older versions do
	Denied        map[string]bool     // requests and rights that the administrator lacks; entries without the right to list them are passed over in silence
	DomainAttrs   map[string][]string // of Domain
	Counts        bool                // a search says how many entries there are beyond its page, as versions before 8.7 do
	RefusedLogins int                 // AuthRequests with a wrong password until now

	now func() time.Time

	mu      sync.Mutex
	tokens  map[string]time.Time // end of life
	entries map[string]*entry    // by zimbraId
	asked   map[int64]int        // requests by second
	served  map[string]int       // requests that came to a handler, by name
	ids     int
}

// New makes one with the two domains, their classes of service and the administrator.
func New(now func() time.Time) *Fake {
	f := &Fake{PerSecond: 30, TokenLife: 12 * time.Hour, now: now, Denied: map[string]bool{}, DomainAttrs: map[string][]string{"zimbraDomainStatus": {"active"}, "zimbraDomainType": {"local"}},
		tokens: map[string]time.Time{}, entries: map[string]*entry{}, asked: map[int64]int{}, served: map[string]int{}}
	f.Add(Admin, Password, map[string][]string{"zimbraIsAdminAccount": {"TRUE"}})
	return f
}

// Kinds are the faults of resttest that Zimbra's clients meet.
func Kinds() []resttest.Fault {
	return slices.DeleteFunc(resttest.All(), func(f resttest.Fault) bool { return f == resttest.Conflict || f == resttest.Precondition })
}

// Fault words what a failing Zimbra says: a SOAP fault by 500; the filter against floods and the proxy by a page of their own.
func Fault(f resttest.Fault, status int) (kind string, body []byte) {
	switch status {
	case http.StatusUnauthorized:
		return soapType, fault("service.AUTH_EXPIRED", "auth credentials have expired")
	case http.StatusInternalServerError:
		return soapType, fault("service.FAILURE", "system failure: an.nguyen@sv.truong.example Canary7Canary7")
	}
	return "text/html;charset=iso-8859-1", fmt.Appendf(nil, "<html><head><title>Error %d</title></head><body>an.nguyen %s</body></html>", status, f)
}

const soapType = "text/xml;charset=utf-8"

func fault(code, reason string) []byte {
	return []byte(envelope("<soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code><soap:Reason><soap:Text>" + escape(reason) +
		"</soap:Text></soap:Reason><soap:Detail><Error xmlns=\"urn:zimbra\"><Code>" + code + "</Code><Trace>qtp-1</Trace></Error></soap:Detail></soap:Fault>"))
}

func envelope(body string) string {
	return `<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Header><context xmlns="urn:zimbra"/></soap:Header><soap:Body>` + body + `</soap:Body></soap:Envelope>`
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

// request is what the server reads: any element, whose values may be attributes or children.
type request struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []request  `xml:",any"`
	Text     string     `xml:",chardata"`
}

// get is Element.getAttribute of Zimbra: an attribute, or the text of a child.
func (r request) get(name string) string {
	for _, a := range r.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return r.child(name).Text
}

func (r request) child(name string) request {
	for _, c := range r.Children {
		if c.XMLName.Local == name {
			return c
		}
	}
	return request{}
}

func (r request) all(name string) (found []request) {
	for _, c := range r.Children {
		if c.XMLName.Local == name {
			found = append(found, c)
		}
	}
	return found
}

// attrs are the <a n="…"> of a request.
func (r request) attrs() map[string][]string {
	attrs := map[string][]string{}
	for _, a := range r.all("a") {
		attrs[a.get("n")] = append(attrs[a.get("n")], a.Text)
	}
	return attrs
}

// refusal is a fault that a handler gives.
type refusal struct{ code, reason string }

func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w.Header().Set("Date", f.now().UTC().Format(http.TimeFormat))
	second := f.now().Unix()
	f.asked[second]++
	if f.PerSecond > 0 && f.asked[second] > f.PerSecond { // DoSFilter, zimbraHttpDosFilterDelayMillis -1: rejected
		kind, body := Fault(resttest.Busy, http.StatusTooManyRequests)
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write(body)
		return
	}
	if r.Method != http.MethodPost || !strings.HasPrefix(r.URL.Path, "/service/admin/soap") {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", soapType)
	refuse := func(code, reason string) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write(fault(code, reason))
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 10<<20)) // zimbraSoapRequestMaxSize is 15 MB
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	var sent request
	if err := xml.Unmarshal(body, &sent); err != nil || sent.XMLName.Local != "Envelope" || len(sent.child("Body").Children) != 1 {
		refuse("service.PARSE_ERROR", "parse error")
		return
	}
	asked := sent.child("Body").Children[0]
	name := strings.TrimSuffix(asked.XMLName.Local, "Request")
	handle, known := handlers[name]
	if !known || asked.XMLName.Space != "urn:zimbraAdmin" {
		refuse("service.UNKNOWN_DOCUMENT", "unknown document: "+asked.XMLName.Local)
		return
	}
	if name != "Auth" {
		end, given := f.tokens[sent.child("Header").child("context").child("authToken").Text]
		switch {
		case !given:
			refuse("service.AUTH_REQUIRED", "no valid authtoken present")
			return
		case !f.now().Before(end):
			refuse("service.AUTH_EXPIRED", "auth credentials have expired")
			return
		case f.Denied[name]:
			refuse("service.PERM_DENIED", "permission denied: need right "+name)
			return
		}
	}
	f.served[name]++
	answer, refused := handle(f, asked)
	if refused != nil {
		refuse(refused.code, refused.reason)
		return
	}
	_, _ = io.WriteString(w, envelope(fmt.Sprintf(answer, name+"Response", "urn:zimbraAdmin")))
}

// Served says how often a request came to its handler.
func (f *Fake) Served(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.served[name]
}

// Busiest is the most requests that came in one second of the clock.
func (f *Fake) Busiest() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Max(slices.Collect(maps.Values(f.asked)))
}

// EndTokens lets every token end now.
func (f *Fake) EndTokens() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for token := range f.tokens {
		f.tokens[token] = f.now()
	}
}

// SignsIn says whether a person comes in with a password: by the user name in Domain, or by an address.
func (f *Fake) SignsIn(t testing.TB, user, password string) bool {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if !strings.Contains(user, "@") {
		user += "@" + Domain
	}
	e := f.holder(user)
	return e != nil && e.kind == "account" && e.password == password && e.one("zimbraAccountStatus") == "active"
}

// Chooses is a person who signs in and chooses a password.
func (f *Fake) Chooses(address, password string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.holder(address)
	e.password = password
	f.change(e, map[string][]string{"zimbraPasswordMustChange": {""}, "zimbraPasswordModifiedTime": {f.stamp()}, "zimbraLastLogonTimestamp": {f.stamp()}})
}

// Change sets attributes of an account, as somebody does in the administration console.
func (f *Fake) Change(address string, attrs map[string][]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.change(f.holder(address), attrs)
}

// Accounts returns the attributes of every account of Domain, by address.
func (f *Fake) Accounts() map[string]map[string][]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := map[string]map[string][]string{}
	for _, e := range f.entries {
		if e.kind == "account" && e.domain() == Domain && e.attrs != nil {
			all[e.name] = maps.Clone(e.attrs)
		}
	}
	return all
}

// Add makes an account behind the back of whoever is tested.
func (f *Fake) Add(address, password string, attrs map[string][]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.make("account", address, password, attrs)
}

// AddGroup makes a dynamic group behind the back of whoever is tested.
func (f *Fake) AddGroup(address string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.make("group", address, "", nil)
}

// Remove deletes whoever has the address.
func (f *Fake) Remove(address string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.remove(f.holder(address))
}
