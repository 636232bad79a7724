package zimbratest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// handlers answer with a text that begins with the name of the response (%[1]s) and its namespace (%[2]s).
var handlers = map[string]func(f *Fake, r request) (string, *refusal){
	"Auth": (*Fake).authenticate, "GetDomain": (*Fake).getDomain, "GetCos": (*Fake).getCOS, "CountAccount": (*Fake).countAccounts, "CheckRight": (*Fake).checkRight,
	"SearchDirectory": (*Fake).search, "CreateAccount": (*Fake).createAccount, "ModifyAccount": (*Fake).modifyAccount, "SetPassword": (*Fake).setPassword, "DeleteAccount": (*Fake).deleteAccount,
	"CreateDistributionList": (*Fake).createList, "GetDistributionList": (*Fake).getList, "AddDistributionListMember": (*Fake).addMembers, "GrantRight": (*Fake).grantRight,
}

// response wraps content, whose percent signs stay.
func response(attributes, content string) string {
	return "<%[1]s xmlns=\"%[2]s\"" + strings.ReplaceAll(attributes, "%", "%%") + ">" + strings.ReplaceAll(content, "%", "%%") + "</%[1]s>"
}

func (f *Fake) authenticate(r request) (string, *refusal) {
	e := f.holder(cmp.Or(r.get("name"), r.get("account")))
	if e == nil || e.password != r.get("password") || e.one("zimbraAccountStatus") != "active" {
		f.RefusedLogins++
		return "", &refusal{"account.AUTH_FAILED", "authentication failed for [" + r.get("name") + "]"}
	}
	if e.one("zimbraIsAdminAccount") != "TRUE" && e.one("zimbraIsDelegatedAdminAccount") != "TRUE" {
		return "", &refusal{"service.PERM_DENIED", "permission denied: not an admin account"}
	}
	token := fmt.Sprintf("0_%x&<%d>", e.id, len(f.tokens)+1) // opaque, and not made for XML
	f.tokens[token] = f.now().Add(f.TokenLife)
	return response("", "<authToken>"+escape(token)+"</authToken><lifetime>"+strconv.FormatInt(f.TokenLife.Milliseconds(), 10)+"</lifetime>"), nil
}

func (f *Fake) getDomain(r request) (string, *refusal) {
	switch name := r.child("domain").Text; {
	case strings.EqualFold(name, Domain):
		return response("", "<domain name=\""+Domain+"\" id=\"d1\">"+attributes(f.DomainAttrs, r.get("attrs"))+"</domain>"), nil
	case strings.EqualFold(name, Other):
		return response("", "<domain name=\""+Other+"\" id=\"d2\"><a n=\"zimbraDomainStatus\">active</a></domain>"), nil
	}
	return "", &refusal{"account.NO_SUCH_DOMAIN", "no such domain: " + r.child("domain").Text}
}

func (f *Fake) getCOS(r request) (string, *refusal) {
	if name := r.child("cos").Text; name != COS && name != COSID {
		return "", &refusal{"account.NO_SUCH_COS", "no such cos: " + name}
	}
	return response("", "<cos name=\""+COS+"\" id=\""+COSID+"\"><a n=\"zimbraId\">"+COSID+"</a></cos>"), nil
}

func (f *Fake) countAccounts(request) (string, *refusal) {
	counts := map[string]int{Default: 0, COSID: 0}
	for _, e := range f.entries {
		if e.kind == "account" && e.attrs != nil && e.domain() == Domain {
			counts[cmp.Or(e.one("zimbraCOSId"), Default)]++
		}
	}
	return response("", fmt.Sprintf("<cos id=%q name=\"default\">%d</cos><cos id=%q name=%q>%d</cos>", Default, counts[Default], COSID, COS, counts[COSID])), nil
}

func (f *Fake) checkRight(r request) (string, *refusal) {
	target, right := r.child("target"), r.child("right").Text
	if kinds := map[string]string{"createAccount": "domain", "setAccountPassword": "account", "modifyAccount": "account", "deleteAccount": "account"}; kinds[right] != target.get("type") {
		return "", &refusal{"service.INVALID_REQUEST", "right " + right + " is not executable on target type"}
	}
	allow := "1"
	if f.Denied[right] {
		allow = "0"
	}
	return response(" allow=\""+allow+"\"", ""), nil
}

// attributes are those that were asked for.
func attributes(attrs map[string][]string, asked string) string {
	var b strings.Builder
	for _, name := range strings.Split(asked, ",") {
		for key, values := range attrs {
			if !strings.EqualFold(key, name) {
				continue
			}
			for _, v := range values {
				b.WriteString("<a n=\"" + key + "\">" + escape(v) + "</a>")
			}
		}
	}
	return b.String()
}

func (f *Fake) search(r request) (string, *refusal) {
	wanted, rest, err := parse(r.get("query"))
	if err != nil || rest != "" {
		return "", &refusal{"service.INVALID_REQUEST", "invalid filter: " + r.get("query")}
	}
	types := strings.Split(cmp.Or(r.get("types"), "accounts"), ",")
	for _, t := range types {
		if !slices.Contains([]string{"accounts", "aliases", "distributionlists", "dynamicgroups", "resources", "domains", "coses"}, t) {
			return "", &refusal{"service.INVALID_REQUEST", "unknown type: " + t}
		}
	}
	seen := f.now().Add(-f.Lag)
	var found []*entry
	for _, e := range f.entries {
		attrs := e.at(seen)
		if attrs != nil && slices.Contains(types, kinds[e.kind].kind) && !f.Denied[kinds[e.kind].list] && // who may not list it is not told that it is there
			(r.get("domain") == "" || e.domain() == r.get("domain")) && wanted.matches(attrs) {
			found = append(found, e)
		}
	}
	most := 5000
	if said := r.get("maxResults"); said != "" {
		most, _ = strconv.Atoi(said)
	}
	if most > 0 && len(found) > most {
		return "", &refusal{"account.TOO_MANY_SEARCH_RESULTS", "number of results exceeded the limit"}
	}
	slices.SortFunc(found, func(a, b *entry) int { return cmp.Compare(a.name, b.name) })
	offset, _ := strconv.Atoi(r.get("offset"))
	limit, _ := strconv.Atoi(r.get("limit"))
	end := len(found)
	if limit > 0 {
		end = min(offset+limit, len(found))
	}
	if !f.Counts { // no session: AdminAccessControl.SearchDirectoryRightChecker.getAllowed stops at offset+limit
		found = found[:end]
	}
	var b strings.Builder
	for _, e := range found[min(offset, end):end] {
		element := kinds[e.kind].element
		fmt.Fprintf(&b, "<%s name=\"%s\" id=\"%s\">%s</%s>", element, escape(e.name), e.id, attributes(e.at(seen), r.get("attrs")), element)
	}
	more := "0"
	if end < len(found) {
		more = "1"
	}
	return response(fmt.Sprintf(" more=%q searchTotal=\"%d\"", more, len(found)), b.String()), nil
}

// kinds are what entries are called in searches, in answers, and by the right to see them there.
var kinds = map[string]struct{ kind, element, list string }{
	"account": {"accounts", "account", "listAccount"}, "dl": {"distributionlists", "dl", "listDistributionList"}, "group": {"dynamicgroups", "dl", "listGroup"},
}

// known are the attributes of inetOrgPerson and of Zimbra that an account may have here.
var known = []string{"displayName", "cn", "sn", "givenName", "employeeNumber", "zimbraNotes", "description", "zimbraPasswordMustChange", "zimbraAccountStatus", "zimbraCOSId"}

func check(attrs map[string][]string) *refusal {
	for name, values := range attrs {
		switch {
		case !slices.Contains(known, name):
			return &refusal{"account.INVALID_ATTR_NAME", "invalid attr name: " + name}
		case name == "zimbraAccountStatus" && !slices.Contains([]string{"active", "maintenance", "locked", "closed", "lockout", "pending"}, values[0]),
			name == "zimbraPasswordMustChange" && !slices.Contains([]string{"TRUE", "FALSE", ""}, values[0]),
			name == "zimbraNotes" && len(values[0]) > 1024:
			return &refusal{"account.INVALID_ATTR_VALUE", name + " is invalid: " + values[0]}
		}
	}
	return nil
}

// policy is zimbraPasswordMinLength, 6 by default.
func policy(password string) *refusal {
	if len(password) < 6 {
		return &refusal{"account.INVALID_PASSWORD", "invalid password: too short: " + password}
	}
	return nil
}

func (f *Fake) createAccount(r request) (string, *refusal) {
	name := r.get("name")
	_, domain, _ := strings.Cut(name, "@")
	if domain != Domain && domain != Other {
		return "", &refusal{"account.NO_SUCH_DOMAIN", "no such domain: " + domain}
	}
	if f.holder(name) != nil {
		return "", &refusal{"account.ACCOUNT_EXISTS", "email address already exists: " + name}
	}
	if most, err := strconv.Atoi(first(f.DomainAttrs, "zimbraDomainMaxAccounts")); err == nil && most > 0 && domain == Domain {
		n := 0
		for _, e := range f.entries {
			if e.kind == "account" && e.attrs != nil && e.domain() == Domain {
				n++
			}
		}
		if n >= most {
			return "", &refusal{"account.TOO_MANY_ACCOUNTS", "number of accounts reached the limit: domain=" + domain}
		}
	}
	attrs := r.attrs()
	if refused := cmp.Or(check(attrs), policy(r.get("password"))); refused != nil {
		return "", refused
	}
	e := f.make("account", name, r.get("password"), attrs)
	return response("", shown(e)), nil
}

func shown(e *entry) string {
	return fmt.Sprintf("<%s name=\"%s\" id=\"%s\"/>", kinds[e.kind].element, escape(e.name), e.id)
}

func (f *Fake) byID(r request) (*entry, *refusal) {
	e := f.entries[r.get("id")]
	if e == nil || e.attrs == nil {
		return nil, &refusal{"account.NO_SUCH_ACCOUNT", "no such account: " + r.get("id")}
	}
	return e, nil
}

func (f *Fake) modifyAccount(r request) (string, *refusal) {
	e, refused := f.byID(r)
	attrs := r.attrs()
	if refused = cmp.Or(refused, check(attrs)); refused != nil {
		return "", refused
	}
	f.change(e, attrs)
	return response("", shown(e)), nil
}

func (f *Fake) setPassword(r request) (string, *refusal) {
	e, refused := f.byID(r)
	if refused = cmp.Or(refused, policy(r.get("newPassword"))); refused != nil {
		return "", refused
	}
	if f.History && slices.Contains(append(e.old, e.password), r.get("newPassword")) {
		return "", &refusal{"account.PASSWORD_RECENTLY_USED", "password was recently used"}
	}
	e.old, e.password = append(e.old, e.password), r.get("newPassword")
	attrs := map[string][]string{"zimbraPasswordModifiedTime": {f.stamp()}}
	if !f.KeepsDemand {
		attrs["zimbraPasswordMustChange"] = []string{""}
	}
	f.change(e, attrs)
	return response("", ""), nil
}

func (f *Fake) deleteAccount(r request) (string, *refusal) {
	e, refused := f.byID(r)
	if refused != nil {
		return "", refused
	}
	f.remove(e)
	return response("", ""), nil
}

func (f *Fake) createList(r request) (string, *refusal) {
	name := r.get("name")
	switch e := f.holder(name); {
	case e != nil && e.kind != "account":
		return "", &refusal{"account.DISTRIBUTION_LIST_EXISTS", "email address already exists: " + name}
	case e != nil:
		return "", &refusal{"account.ACCOUNT_EXISTS", "email address already exists: " + name}
	}
	attrs := r.attrs()
	if refused := check(attrs); refused != nil {
		return "", refused
	}
	return response("", shown(f.make("dl", name, "", attrs))), nil
}

func (f *Fake) getList(r request) (string, *refusal) {
	e := f.holder(r.child("dl").Text)
	if e == nil || e.kind == "account" {
		return "", &refusal{"account.NO_SUCH_DISTRIBUTION_LIST", "no such distribution list: " + r.child("dl").Text}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<dl name=%q id=%q dynamic=\"0\">", e.name, e.id)
	if e.owner != "" {
		fmt.Fprintf(&b, "<owners><owner id=\"x\" name=%q type=\"usr\"/></owners>", e.owner)
	}
	for _, m := range e.members {
		b.WriteString("<dlm>" + escape(m) + "</dlm>")
	}
	b.WriteString(attributes(e.attrs, "displayName,zimbraNotes,mail") + "</dl>")
	return response(fmt.Sprintf(" more=\"0\" total=\"%d\"", len(e.members)), b.String()), nil
}

func (f *Fake) addMembers(r request) (string, *refusal) {
	e := f.entries[r.get("id")]
	if e == nil || e.kind != "dl" {
		return "", &refusal{"account.NO_SUCH_DISTRIBUTION_LIST", "no such distribution list"}
	}
	for _, m := range r.all("dlm") {
		if !slices.Contains(e.members, strings.ToLower(m.Text)) {
			e.members = append(e.members, strings.ToLower(m.Text))
		}
	}
	return response("", ""), nil
}

func (f *Fake) grantRight(r request) (string, *refusal) {
	e := f.entries[r.child("target").Text]
	owner := f.holder(r.child("grantee").Text)
	switch {
	case e == nil || r.child("right").Text != "ownDistList" || r.child("target").get("type") != "dl" || r.child("target").get("by") != "id":
		return "", &refusal{"service.INVALID_REQUEST", "invalid request"}
	case owner == nil || r.child("grantee").get("type") != "usr":
		return "", &refusal{"account.NO_SUCH_ACCOUNT", "no such account: " + r.child("grantee").Text}
	}
	e.owner = owner.name
	return response("", ""), nil
}
