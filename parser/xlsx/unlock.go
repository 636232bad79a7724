package xlsx

import (
	"bytes"
	"regexp"
	"strconv"

	"github.com/xuri/excelize/v2"
)

// builtinPassword protects workbooks that Excel opens without asking ([MS-OFFCRYPTO] §2.3.6.1 and Excel's own habit).
const builtinPassword = "VelvetSweatshop"

// maxSpins bounds the work of deriving the key; Office writes 100,000.
const maxSpins = 200_000

var spinRE = regexp.MustCompile(`spinCount="(\d{1,10})"`)

// Unlock opens an encrypted package with Excel's built-in password. ok is false when it needs one of the sender's.
func Unlock(data []byte) (open []byte, ok bool) {
	defer func() {
		if recover() != nil { // the decryption trusts its input
			open, ok = nil, false
		}
	}()
	for _, m := range spinRE.FindAllSubmatch(data, -1) {
		if n, err := strconv.Atoi(string(m[1])); err != nil || n > maxSpins {
			return nil, false
		}
	}
	open, err := excelize.Decrypt(data, &excelize.Options{Password: builtinPassword})
	if err != nil || !bytes.HasPrefix(open, []byte("PK\x03\x04")) {
		return nil, false
	}
	return open, true
}
