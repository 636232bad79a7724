package account

import (
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// How a directory keeps a password (userPassword, RFC 2307 §5.3 as OpenLDAP reads it). The passwords are random with 81 bits,
// so none of the three is ever guessed; what decides is which one the directory's server can check.
const (
	SSHA512 = "ssha512" // OpenLDAP: moduleload pw-sha2
	Argon2  = "argon2"  // OpenLDAP: moduleload argon2; argon2id
	SSHA    = "ssha"    // built into every OpenLDAP, for servers whose modules cannot be changed
)

const (
	saltLength = 16
	// OWASP's smallest set for argon2id: eight at once take 152 MB, not half a gigabyte.
	argonTime    = 2
	argonMemory  = 19 << 10 // KiB
	argonThreads = 1        // libsodium, with which some slapd are built, checks no other
	argonKey     = 32
)

// ErrScheme says that a scheme is none of ssha512, argon2 and ssha.
var ErrScheme = errors.New("account: unknown password scheme")

// HashPassword returns the value of userPassword: "{SSHA512}…", "{ARGON2}$argon2id$…" or "{SSHA}…".
func HashPassword(scheme, password string) (string, error) {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	switch scheme {
	case SSHA512:
		return "{SSHA512}" + base64.StdEncoding.EncodeToString(append(sum512(password, salt), salt...)), nil
	case SSHA:
		return "{SSHA}" + base64.StdEncoding.EncodeToString(append(sum1(password, salt), salt...)), nil
	case Argon2:
		key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
		return fmt.Sprintf("{ARGON2}$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
			base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
	}
	return "", fmt.Errorf("%w %q", ErrScheme, scheme)
}

// CheckPassword says whether the password fits a hash that HashPassword made.
func CheckPassword(hash, password string) bool {
	if encoded, ok := strings.CutPrefix(hash, "{SSHA512}"); ok {
		return checkSalted(encoded, password, sha512.Size, sum512)
	}
	if encoded, ok := strings.CutPrefix(hash, "{SSHA}"); ok {
		return checkSalted(encoded, password, sha1.Size, sum1)
	}
	if encoded, ok := strings.CutPrefix(hash, "{ARGON2}"); ok {
		return checkArgon2(encoded, password)
	}
	return false
}

func checkSalted(encoded, password string, size int, sum func(password string, salt []byte) []byte) bool {
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(raw) <= size {
		return false
	}
	return subtle.ConstantTimeCompare(raw[:size], sum(password, raw[size:])) == 1
}

// checkArgon2 takes our own parameters alone: a file cannot ask for a terabyte.
func checkArgon2(encoded, password string) bool {
	ours := fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, argonMemory, argonTime, argonThreads)
	rest, ok := strings.CutPrefix(encoded, ours)
	if !ok {
		return false
	}
	salt64, key64, _ := strings.Cut(rest, "$")
	salt, err1 := base64.RawStdEncoding.DecodeString(salt64)
	key, err2 := base64.RawStdEncoding.DecodeString(key64)
	if err1 != nil || err2 != nil || len(key) != argonKey {
		return false
	}
	return subtle.ConstantTimeCompare(key, argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)) == 1
}

func sum512(password string, salt []byte) []byte {
	s := sha512.Sum512(append([]byte(password), salt...))
	return s[:]
}

func sum1(password string, salt []byte) []byte {
	s := sha1.Sum(append([]byte(password), salt...))
	return s[:]
}
