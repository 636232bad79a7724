package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
)

// A locker opens the streams of a file that is encrypted but opens without asking for a password: offices "secure" files
// against changes so (§7.6, and ISO 32000-2 §7.6.4 for 256 bits). Only streams are opened; no string outside of them has a
// part in text.
type locker struct {
	key    []byte
	method name // of the crypt filter of streams: V2, AESV2, AESV3
}

// padding is the password that fills up an empty one (§7.6.3.3 algorithm 2).
var padding = []byte("\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A")

// newLocker tries the empty user password. It returns nil when that is not the password, or the way of locking is not known.
func (f *file) newLocker(d dict) *locker {
	if f.get(d["Filter"]) != name("Standard") {
		return nil
	}
	v, r, n := f.integer(d["V"]), f.integer(d["R"]), f.integer(d["Length"])/8
	l := &locker{method: "V2"}
	switch v {
	case 1:
		n = 5
	case 2:
		if n < 5 || n > 16 {
			n = 5
		}
	case 4, 5:
		n = 16
		filter := f.dict(f.dict(d["CF"])[f.nameOf(d["StmF"])])
		l.method = f.nameOf(filter["CFM"])
		if filter == nil { // Identity: streams are in the clear
			return &locker{method: "None"}
		}
	default:
		return nil
	}
	if v == 5 {
		l.key = f.key256(d, r)
	} else {
		l.key = f.key128(d, r, n)
	}
	if l.key == nil {
		return nil
	}
	return l
}

func (f *file) nameOf(v any) name {
	n, _ := f.get(v).(name)
	return n
}

func (f *file) bytesOf(v any) []byte {
	s, _ := f.get(v).(str)
	return []byte(s)
}

// key128 works out the key of the empty password and checks it (algorithms 2, 4, 5 and 6).
func (f *file) key128(d dict, r, n int) []byte {
	owner, user := f.bytesOf(d["O"]), f.bytesOf(d["U"])
	var id []byte
	if a := f.array(f.trailer("ID")); len(a) > 0 {
		id = f.bytesOf(a[0])
	}
	if len(owner) < 32 || len(user) < 16 {
		return nil
	}
	h := md5.New()
	h.Write(padding)
	h.Write(owner[:32])
	h.Write(binary.LittleEndian.AppendUint32(nil, uint32(int64(f.number(d["P"])))))
	h.Write(id)
	if r >= 4 && f.get(d["EncryptMetadata"]) == false {
		h.Write([]byte{0xff, 0xff, 0xff, 0xff})
	}
	key := h.Sum(nil)
	if r >= 3 {
		for range 50 {
			sum := md5.Sum(key[:n])
			key = sum[:]
		}
	}
	key = key[:n]
	if r < 3 {
		if !bytes.HasPrefix(user, rc4Of(key, padding)[:16]) {
			return nil
		}
		return key
	}
	sum := md5.Sum(append(bytes.Clone(padding), id...))
	check := rc4Of(key, sum[:])
	for i := byte(1); i <= 19; i++ {
		round := make([]byte, n)
		for j := range key {
			round[j] = key[j] ^ i
		}
		check = rc4Of(round, check)
	}
	if !bytes.HasPrefix(user, check) {
		return nil
	}
	return key
}

func rc4Of(key, data []byte) []byte {
	out := make([]byte, len(data))
	c, err := rc4.NewCipher(key)
	if err != nil {
		return out
	}
	c.XORKeyStream(out, data)
	return out
}

// key256 is the same for 256 bits (ISO 32000-2 algorithms 2.A and 11).
func (f *file) key256(d dict, r int) []byte {
	user, sealed := f.bytesOf(d["U"]), f.bytesOf(d["UE"])
	if len(user) < 48 || len(sealed) < 32 {
		return nil
	}
	hash := func(salt []byte) []byte {
		sum := sha256.Sum256(salt)
		if r >= 6 {
			return harden(sum[:])
		}
		return sum[:]
	}
	if !bytes.Equal(hash(user[32:40]), user[:32]) {
		return nil
	}
	c, err := aes.NewCipher(hash(user[40:48]))
	if err != nil {
		return nil
	}
	key := make([]byte, 32)
	cipher.NewCBCDecrypter(c, make([]byte, 16)).CryptBlocks(key, sealed[:32])
	return key
}

// harden is algorithm 2.B for an empty password.
func harden(k []byte) []byte {
	for i := 0; ; i++ {
		data := bytes.Repeat(k, 64)
		c, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil
		}
		cipher.NewCBCEncrypter(c, k[16:32]).CryptBlocks(data, data)
		sum := 0
		for _, b := range data[:16] {
			sum += int(b)
		}
		switch sum % 3 {
		case 0:
			s := sha256.Sum256(data)
			k = s[:]
		case 1:
			s := sha512.Sum384(data)
			k = s[:]
		case 2:
			s := sha512.Sum512(data)
			k = s[:]
		}
		if i >= 63 && int(data[len(data)-1]) <= i-32 {
			return k[:32]
		}
	}
}

// open decrypts the bytes of a stream (algorithms 1 and 1.A).
func (l *locker) open(s stream) []byte {
	key := l.key
	if l.method == "V2" || l.method == "AESV2" {
		h := md5.New()
		h.Write(key)
		h.Write([]byte{byte(s.num), byte(s.num >> 8), byte(s.num >> 16), byte(s.gen), byte(s.gen >> 8)})
		if l.method == "AESV2" {
			h.Write([]byte("sAlT"))
		}
		key = h.Sum(nil)[:min(len(key)+5, 16)]
	}
	switch l.method {
	case "V2":
		return rc4Of(key, s.raw)
	case "AESV2", "AESV3":
		n := len(s.raw) / 16 * 16
		c, err := aes.NewCipher(key)
		if err != nil || n < 32 {
			return nil
		}
		out := make([]byte, n-16)
		cipher.NewCBCDecrypter(c, s.raw[:16]).CryptBlocks(out, s.raw[16:n])
		if pad := int(out[len(out)-1]); 1 <= pad && pad <= 16 {
			out = out[:len(out)-pad]
		}
		return out
	}
	return s.raw
}
