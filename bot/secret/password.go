package secret

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// What an initial password is made of (FR-30): nothing that is mistaken for something else on paper (0/O/o, 1/l/I).
const (
	lower  = "abcdefghijkmnpqrstuvwxyz"
	upper  = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	digits = "23456789"

	alphabet       = lower + upper + digits
	passwordLength = PasswordLength

	// The largest multiple of the alphabet's length below 256. Bytes from here on are thrown away: a plain remainder
	// would favour the first letters.
	fairBytes = 256 / len(alphabet) * len(alphabet)

	// One draw in nine has no digit. A source that fails this often is no source.
	maxDraws = 200
)

// PasswordLength is how many characters an initial password has: 56^14 are 81 bits.
const PasswordLength = 14

// ErrRandom says that the source of randomness gives nothing usable.
var ErrRandom = errors.New("secret: the source of randomness is broken")

// NewPassword draws an initial password: 14 characters with at least one lower-case letter, one upper-case letter and one
// digit, every such password equally likely. The source is crypto/rand.Reader outside tests.
func NewPassword(rand io.Reader) (string, error) {
	for range maxDraws {
		p, err := draw(rand)
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrRandom, err)
		}
		// Drawing all of it again keeps every password equally likely; mending one place would not.
		if strings.ContainsAny(p, lower) && strings.ContainsAny(p, upper) && strings.ContainsAny(p, digits) {
			return p, nil
		}
	}
	return "", ErrRandom
}

func draw(rand io.Reader) (string, error) {
	var (
		password [passwordLength]byte
		buf      [2 * passwordLength]byte
		n        int
	)
	for range maxDraws {
		if _, err := io.ReadFull(rand, buf[:]); err != nil {
			return "", err
		}
		for _, b := range buf {
			if int(b) >= fairBytes {
				continue
			}
			password[n] = alphabet[int(b)%len(alphabet)]
			if n++; n == len(password) {
				return string(password[:]), nil
			}
		}
	}
	return "", errors.New("no byte in range")
}
