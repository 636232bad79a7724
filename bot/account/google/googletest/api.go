package googletest

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"vanthu/bot/account/resttest"
)

const (
	scopeUser   = "https://www.googleapis.com/auth/admin.directory.user"
	scopeGroup  = "https://www.googleapis.com/auth/admin.directory.group"
	scopeUnit   = "https://www.googleapis.com/auth/admin.directory.orgunit.readonly"
	scopeDomain = "https://www.googleapis.com/auth/admin.directory.domain.readonly"
	scopeInvite = "https://www.googleapis.com/auth/cloud-identity.userinvitations.readonly"
)

// robot is the service account.
const robot = "vanthu@vanthu-1.iam.gserviceaccount.example"

type token struct {
	scopes []string
	until  time.Time
}

// signingKey is made once: it takes a while.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// KeyFile is the key file of the service account, for a fake that is served at base.
func (f *Fake) KeyFile(base string) string {
	der, err := x509.MarshalPKCS8PrivateKey(f.key)
	if err != nil {
		panic(err)
	}
	file, err := json.Marshal(map[string]string{"type": "service_account", "project_id": "vanthu-1", "private_key_id": "k1", "client_email": robot, "client_id": "100000000000000000001",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": base + "/token"})
	if err != nil {
		panic(err)
	}
	return string(file)
}

// token exchanges a signed statement for a token ("Using OAuth 2.0 for Server to Server Applications").
func (f *Fake) token(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, code, words string) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": words})
	}
	if r.FormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		refuse(400, "unsupported_grant_type", "Invalid grant_type: ")
		return
	}
	said, err := f.statement(r.FormValue("assertion"))
	switch {
	case err != nil:
		refuse(400, "invalid_grant", "Invalid JWT: "+err.Error())
		return
	case said.Iss != robot || !strings.HasSuffix(said.Aud, "/token") || said.Exp-said.Iat > 3600:
		refuse(400, "invalid_grant", "Invalid JWT")
		return
	case said.Sub != f.Admin:
		refuse(400, "invalid_grant", "Invalid email or User ID")
		return
	}
	scopes := strings.Fields(said.Scope)
	if f.Scopes != nil && slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(f.Scopes, s) }) {
		refuse(401, "unauthorized_client", "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.")
		return
	}
	text := rand.Text()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tokens[text] = token{scopes, f.now().Add(time.Hour)}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": text, "expires_in": 3599, "token_type": "Bearer"})
}

type statement struct {
	Iss, Sub, Scope, Aud string
	Iat, Exp             int64
}

// statement checks the signature of RS256 (RFC 7515).
func (f *Fake) statement(assertion string) (said statement, err error) {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return said, fmt.Errorf("%d parts", len(parts))
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return said, err
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&f.key.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
		return said, err
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return said, err
	}
	return said, json.Unmarshal(claims, &said)
}

// An answer is a status and what becomes JSON.
type handler func(r *http.Request) (int, any)

// failed is an error as "Resolve errors" shows it.
func failed(status int, reason, message string) (int, any) {
	words := map[int]string{400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ALREADY_EXISTS",
		412: "FAILED_PRECONDITION", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}
	return status, map[string]any{"error": map[string]any{"code": status, "message": message, "status": words[status],
		"errors": []any{map[string]string{"message": message, "domain": "global", "reason": reason}}}}
}

// Fault words a fault of resttest as Google does.
func Fault(f resttest.Fault, status int) (kind string, body []byte) {
	reasons := map[int]string{401: "authError", 409: "duplicate", 412: "conditionNotMet", 429: "rateLimitExceeded", 500: "internalError", 503: "backendError"}
	_, answer := failed(status, reasons[status], "fault "+string(f))
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	return "application/json; charset=UTF-8", body
}

// api serves one method: token, quota, then the work, one at a time.
func (f *Fake) api(pattern, scope string, do handler) {
	f.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		status, answer := f.allowed(r, scope)
		if status == 0 {
			f.queries++
			status, answer = do(r)
		}
		if status == 204 {
			w.WriteHeader(status)
			return
		}
		encoded, err := json.Marshal(answer)
		if err != nil {
			panic(err)
		}
		if fields := r.URL.Query().Get("fields"); fields != "" && status == 200 {
			encoded = partial(encoded, fields)
		}
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		w.WriteHeader(status)
		_, _ = w.Write(encoded)
	})
}

func (f *Fake) allowed(r *http.Request, scope string) (int, any) {
	now := f.now()
	t, ok := f.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	if !ok || now.After(t.until) {
		return failed(401, "authError", "Request had invalid authentication credentials.")
	}
	if !slices.Contains(t.scopes, scope) {
		return failed(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
	}
	// Counted over 20 seconds: by the stepped clock what was sent in turn may arrive at one moment.
	if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/users") && !spend(&f.made, now, 20*time.Second, 20*f.PerSecond) {
		f.refused++
		return failed(403, "quotaExceeded", "Request rate higher than configured.")
	}
	if spend(&f.asked, now, time.Minute, f.PerMinute) {
		return 0, nil
	}
	switch f.refused++; f.refused % 3 {
	case 0:
		return failed(429, "rateLimitExceeded", "Quota exceeded for quota metric 'Queries'")
	case 1:
		return failed(403, "userRateLimitExceeded", "User Rate Limit Exceeded")
	}
	return failed(403, "quotaExceeded", "Request rate higher than configured.")
}

// spend takes one of what may be had within a span of time.
func spend(had *[]time.Time, now time.Time, span time.Duration, most int) bool {
	begin := 0
	for begin < len(*had) && now.Sub((*had)[begin]) >= span {
		begin++
	}
	if *had = (*had)[begin:]; len(*had) >= most {
		return false
	}
	*had = append(*had, now)
	return true
}

// partial leaves of an answer what the parameter fields names: "a,b(c,d)".
func partial(body []byte, fields string) []byte {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		panic(err)
	}
	encoded, err := json.Marshal(only(value, fields))
	if err != nil {
		panic(err)
	}
	return encoded
}

func only(value any, fields string) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = only(v[i], fields)
		}
		return v
	case map[string]any:
		kept := map[string]any{}
		for name, below := range split(fields) {
			inner, ok := v[name]
			if ok && below != "" {
				inner = only(inner, below)
			}
			if ok {
				kept[name] = inner
			}
		}
		return kept
	}
	return value
}

// split takes the fields of one level apart.
func split(fields string) map[string]string {
	all := map[string]string{}
	depth, start := 0, 0
	for i, r := range fields + "," {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth == 0:
			name, below, _ := strings.Cut(fields[start:i], "(")
			all[name] = strings.TrimSuffix(below, ")")
			start = i + 1
		}
	}
	return all
}
