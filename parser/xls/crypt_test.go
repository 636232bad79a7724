package xls

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"math/bits"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/parser"
)

// LibreOffice locked these two: one with Excel's built-in password, one with another.
func TestPassword(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/builtin-password.xls")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"# Sheet", "A1=Mã số SV/HV Calibri", "B1=Họ và tên Calibri", "A2=2453010001 Calibri", "B2=Nguyễn Văn An Calibri"}
	if diff := cmp.Diff(want, shown(read(t, data))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if data, err = os.ReadFile("testdata/password.xls"); err != nil {
		t.Fatal(err)
	}
	var problem *parser.Problem
	if _, err := Read(data, parser.DefaultLimits()); !errors.As(err, &problem) || problem.Code != parser.Encrypted {
		t.Errorf("another password: %v", err)
	}
}

// The password "abc" of a known file.
func TestXORHashes(t *testing.T) {
	t.Parallel()
	if key, v := xorKey("abc"), xorVerifier("abc"); key != 20810 || v != 52250 {
		t.Errorf("%d, %d", key, v)
	}
}

// locked returns workbooks that are locked with the built-in password in each of the three ways.
func locked() map[string][]byte {
	book := func(filepass ...any) []byte {
		w := &writer{global: [][]byte{record(recFilePass, filepass...), fontRecord("Arial", false), xfRecord(0, 0)}}
		var cells []byte
		for i := range 300 { // over the border of a block
			cells = append(cells, labelSST(w, i, 0, 0, "Nguyễn Văn An")...)
		}
		w.sheets = []testSheet{{name: "Lớp", records: cells}}
		return w.stream()
	}
	rc4ed := func(filepass []byte) []byte {
		stream := book(1, filepass)
		plain := bytes.Clone(stream)
		key := rc4Key(filepass)
		for at := 0; at < len(plain); at += rc4Block {
			if err := crypt(key(at/rc4Block), plain[at:min(at+rc4Block, len(plain))]); err != nil {
				panic(err)
			}
		}
		return records(stream, plain)
	}
	var password []byte
	for _, c := range []byte(builtinPassword) {
		password = append(password, c, 0)
	}
	salt, verifier := []byte("0123456789abcdef"), []byte("fedcba9876543210")

	h := md5.Sum(password)
	h = md5.Sum(bytes.Repeat(append(h[:5:5], salt...), 16))
	key := md5.Sum(append(h[:5:5], 0, 0, 0, 0))
	sum := md5.Sum(verifier)
	check := append(bytes.Clone(verifier), sum[:]...)
	_ = crypt(key[:], check)
	plain := le(1, 1, salt, check)

	h1 := sha1.Sum(append(bytes.Clone(salt), password...))
	key1 := sha1.Sum(binary.LittleEndian.AppendUint32(h1[:], 0))
	sum1 := sha1.Sum(verifier)
	check1 := append(bytes.Clone(verifier), sum1[:]...)
	_ = crypt(key1[:16], check1)
	provider := append(wide("Microsoft Enhanced Cryptographic Provider v1.0"), 0, 0)
	header := le(uint32(4), uint32(0), uint32(0x6801), uint32(0x8004), uint32(128), uint32(1), uint32(0), uint32(0), provider)
	api := le(2, 2, uint32(4), uint32(uint32(len(header))), header, uint32(16), salt, check1[:16], uint32(20), check1[16:])

	stream := book(0, int(xorKey(builtinPassword)), int(xorVerifier(builtinPassword)))
	xored := bytes.Clone(stream)
	pad := xorArray(builtinPassword)
	for s := (scanner{b: stream}); ; {
		at := s.pos + 4
		_, body, err := s.next()
		if err != nil {
			break
		}
		for i, c := range body {
			xored[at+i] = bits.RotateLeft8(c, 5) ^ pad[(at+len(body)+i)&15]
		}
	}
	return map[string][]byte{"RC4": rc4ed(plain), "RC4 CryptoAPI": rc4ed(api), "XOR": records(stream, xored)}
}

func TestLocks(t *testing.T) {
	t.Parallel()
	for name, stream := range locked() {
		if bytes.Contains(stream, wide("Văn")) {
			t.Errorf("%s: not locked", name)
		}
		if got := shown(read(t, stream)); len(got) != 301 || got[300] != "A300=Nguyễn Văn An Arial" {
			t.Errorf("%s: %v", name, got)
		}
		pass := bytes.Index(stream, le(recFilePass))
		n := int(binary.LittleEndian.Uint16(stream[pass+2:]))
		bad := bytes.Clone(stream)
		bad[pass+4+n-1] ^= 1 // the last byte of the verifier
		var problem *parser.Problem
		if _, err := Read(bad, parser.DefaultLimits()); !errors.As(err, &problem) || problem.Code != parser.Encrypted {
			t.Errorf("%s with another key: %v", name, err)
		}
	}
}
