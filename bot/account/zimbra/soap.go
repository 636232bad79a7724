package zimbra

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"vanthu/bot/account"
	"vanthu/bot/account/rest"
)

// The codes of faults that we know (soap.txt, “error/codes”).
const (
	codeAuthFailed   = "account.AUTH_FAILED"
	codeRecentlyUsed = "account.PASSWORD_RECENTLY_USED"
	codeNoSuchDomain = "account.NO_SUCH_DOMAIN"
	codeNoSuchCOS    = "account.NO_SUCH_COS"
	codeDenied       = "service.PERM_DENIED"
)

const (
	soapNS  = "http://www.w3.org/2003/05/soap-envelope"
	adminNS = "urn:zimbraAdmin"

	tokenPlace = "<authToken></authToken>"

	// fullFor is how long a row waits when the domain or the licence has no room for another account: a person must make some.
	fullFor = time.Hour
)

// element are the attributes of a request.
type element map[string]any

// A child is an element with text.
type child struct {
	name       string
	attributes element
	text       string
}

// attribute is <a n="…">…</a>; an empty one is taken away from the entry (soap-admin.txt, ModifyAccountRequest).
func attribute(name, value string) child { return child{"a", element{"n": name}, value} }

func selector(name, by, value string) child { return child{name, element{"by": by}, value} }

// write is the envelope of a request (soap.txt). Every value is escaped by encoding/xml.
func write(name string, attributes element, children []child) []byte {
	var b bytes.Buffer
	escaped := func(s string) string {
		var out strings.Builder
		_ = xml.EscapeText(&out, []byte(s)) // a strings.Builder takes all
		return out.String()
	}
	b.WriteString(`<soap:Envelope xmlns:soap="` + soapNS + `"><soap:Header><context xmlns="urn:zimbra">` + tokenPlace + `<userAgent name="vanthu"/></context></soap:Header><soap:Body>`)
	open := func(name string, attributes element) {
		b.WriteString("<" + name)
		for _, key := range slices.Sorted(maps.Keys(attributes)) {
			fmt.Fprintf(&b, ` %s="%s"`, key, escaped(fmt.Sprint(attributes[key])))
		}
		b.WriteString(">")
	}
	attributes = maps.Clone(attributes)
	if attributes == nil {
		attributes = element{}
	}
	attributes["xmlns"] = adminNS
	open(name+"Request", attributes)
	for _, c := range children {
		open(c.name, c.attributes)
		b.WriteString(escaped(c.text) + "</" + c.name + ">")
	}
	fmt.Fprintf(&b, "</%sRequest></soap:Body></soap:Envelope>", name)
	return b.Bytes()
}

// putToken writes the token into the header of an envelope. Its place is the first such text: data that is escaped cannot be it.
func putToken(r *http.Request, token string) {
	if r.Body == nil {
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // it was bytes; Zimbra says that a token is missing
	}
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(token))
	body = bytes.Replace(body, []byte(tokenPlace), []byte("<authToken>"+escaped.String()+"</authToken>"), 1)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
}

// A reply is the one element in the body of an answer, with all that any of our requests may be answered with.
type reply struct {
	XMLName  xml.Name
	Fault    faultText `xml:"Detail>Error"`     // SOAP 1.2
	Fault11  faultText `xml:"detail>Error"`     // SOAP 1.1
	Token    string    `xml:"authToken"`        // Auth
	Lifetime number    `xml:"lifetime"`         // Auth, milliseconds
	More     string    `xml:"more,attr"`        // SearchDirectory: "1", "true"
	Total    number    `xml:"searchTotal,attr"` // SearchDirectory
	Allow    string    `xml:"allow,attr"`       // CheckRight: "1"
	Accounts []entry   `xml:"account"`
	Others   []entry   `xml:"calresource"`
	Lists    []entry   `xml:"dl"`
	Domains  []entry   `xml:"domain"`
	COS      []entry   `xml:"cos"` // GetCos; CountAccount with the number as text
}

type faultText struct {
	Code string `xml:"Code"`
}

// An entry of the directory.
type entry struct {
	ID      string   `xml:"id,attr"`
	Name    string   `xml:"name,attr"`
	Text    string   `xml:",chardata"`
	Attrs   []attr   `xml:"a"`
	Members []string `xml:"dlm"`
	Owners  []owner  `xml:"owners>owner"`
}

type attr struct {
	Name  string `xml:"n,attr"`
	Value string `xml:",chardata"`
}

type owner struct {
	Name string `xml:"name,attr"`
}

func (e entry) all(name string) (values []string) {
	for _, a := range e.Attrs {
		if strings.EqualFold(a.Name, name) {
			values = append(values, a.Value)
		}
	}
	return values
}

func (e entry) one(name string) string {
	for _, v := range e.all(name) {
		return v
	}
	return ""
}

// A number that cannot be read is none.
type number int64

// UnmarshalText reads it.
func (n *number) UnmarshalText(text []byte) error {
	v, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err == nil && v >= 0 {
		*n = number(v)
	}
	return nil
}

// A fault is what Zimbra refuses with: its code, and never its reason, which repeats names and addresses.
type fault struct {
	Code string
	is   error // one of account's or rest's; nil: nobody knows whether the work is done
}

func (f *fault) Error() string {
	if f.is != nil {
		return f.Code + ": " + f.is.Error()
	}
	return f.Code
}

func (f *fault) Unwrap() error { return f.is }

// read takes the one element out of the body of an envelope. The length of an answer is bounded by package rest, nesting by encoding/xml.
func read(body []byte) (reply, error) {
	var envelope struct {
		XMLName xml.Name
		Body    struct {
			Reply []reply `xml:",any"`
		} `xml:"Body"`
	}
	if err := xml.Unmarshal(body, &envelope); err != nil || envelope.XMLName.Local != "Envelope" || len(envelope.Body.Reply) != 1 {
		return reply{}, errors.New("the answer is no SOAP envelope with one element in its body")
	}
	return envelope.Body.Reply[0], nil
}

// classify says what an answer means. Faults come with status 500; what stands before Zimbra (a proxy, the filter against floods) speaks by
// its status alone.
func classify(a rest.Answer) error {
	said, err := read(a.Body)
	if err != nil || said.XMLName.Local != "Fault" {
		if a.Status == http.StatusNotFound || a.Status == http.StatusGone { // no page of the API there: nothing about an account
			return fmt.Errorf("%w: the address of the API is not Zimbra's", account.ErrPermanent)
		}
		return rest.ByStatus(a)
	}
	code := rest.Code(cmpOr(said.Fault.Code, said.Fault11.Code))
	return &fault{Code: cmpOr(code, "a fault without a code"), is: meaning(code)}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// meaning of the codes of soap.txt.
func meaning(code string) error {
	switch code {
	case "service.AUTH_EXPIRED", "service.AUTH_REQUIRED":
		return rest.ErrToken
	case "account.ACCOUNT_EXISTS", "account.DISTRIBUTION_LIST_EXISTS":
		return account.ErrExists
	case "account.NO_SUCH_ACCOUNT", "account.NO_SUCH_DISTRIBUTION_LIST":
		return account.ErrGone
	case "account.TOO_MANY_ACCOUNTS":
		return &account.Wait{For: fullFor, Err: fmt.Errorf("there is no room for another account: zimbraDomainMaxAccounts, zimbraDomainCOSMaxAccounts or the licence (%w)", account.ErrUndone)}
	case codeDenied, codeAuthFailed, "service.INVALID_REQUEST", "service.PARSE_ERROR", "service.UNKNOWN_DOCUMENT", codeNoSuchDomain, codeNoSuchCOS,
		"account.INVALID_ATTR_NAME", "account.INVALID_ATTR_VALUE", "account.INVALID_PASSWORD", codeRecentlyUsed, "account.PASSWORD_LOCKED",
		"account.PASSWORD_CHANGE_TOO_SOON", "account.NO_SUCH_SERVER":
		return account.ErrPermanent
	}
	return nil // service.FAILURE, TEMPORARILY_UNAVAILABLE, PROXY_ERROR, account.MAINTENANCE_MODE …
}

// ask sends one request. Repeat says that it may be done twice.
func (s *Server) ask(ctx context.Context, client *rest.Client, name string, attributes element, repeat bool, children ...child) (reply, http.Header, error) {
	var body []byte
	answer, err := client.Do(ctx, rest.Request{What: name, Method: http.MethodPost, Path: "/service/admin/soap/" + name + "Request",
		Header: http.Header{"Content-Type": {"application/soap+xml; charset=utf-8"}}, Body: write(name, attributes, children), Into: &body, Repeat: repeat})
	if err != nil {
		return reply{}, answer.Header, err
	}
	said, err := read(body)
	if err == nil && said.XMLName.Local != name+"Response" {
		err = errors.New("the answer is to another request")
	}
	if err != nil { // the work may be done
		return reply{}, answer.Header, fmt.Errorf("zimbra: %s: %w", name, err)
	}
	return said, answer.Header, nil
}

// look asks for something that changes nothing, change for something that may be done twice.
func (s *Server) look(ctx context.Context, name string, attributes element, children ...child) (reply, error) {
	said, _, err := s.ask(ctx, s.api, name, attributes, true, children...)
	return said, err
}

func (s *Server) change(ctx context.Context, name string, attributes element, children ...child) error {
	_, _, err := s.ask(ctx, s.api, name, attributes, true, children...)
	return err
}
