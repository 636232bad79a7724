package xls

import (
	"bytes"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha1"
	"encoding/binary"
	"math/bits"

	"vanthu/parser"
)

// builtinPassword locks workbooks that Excel opens without asking: those whose structure is protected. The sender does not
// know of any password.
const builtinPassword = "VelvetSweatshop"

// unlock decrypts a stream whose FILEPASS record ([MS-XLS] §2.4.117) has this body, if the built-in password opens it.
func unlock(stream, filepass []byte, biff8 bool) ([]byte, error) {
	locked := &parser.Problem{Code: parser.Encrypted}
	kind := 0
	if biff8 {
		if len(filepass) < 2 {
			return nil, parser.Damage("xls: FILEPASS of %d bytes", len(filepass))
		}
		kind, filepass = u16(filepass, 0), filepass[2:]
	}
	switch {
	case kind == 0 && len(filepass) >= 4:
		if u16(filepass, 0) != int(xorKey(builtinPassword)) || u16(filepass, 2) != int(xorVerifier(builtinPassword)) {
			return nil, locked
		}
		return records(stream, unxor(stream)), nil
	case kind == 1 && len(filepass) >= 4:
		key := rc4Key(filepass)
		if key == nil {
			return nil, locked
		}
		plain := bytes.Clone(stream)
		for at := 0; at < len(plain); at += rc4Block {
			block := plain[at:min(at+rc4Block, len(plain))]
			if err := crypt(key(at/rc4Block), block); err != nil {
				return nil, err
			}
		}
		return records(stream, plain), nil
	}
	return nil, locked
}

// rc4Block is how far one key reaches ([MS-XLS] §2.2.10).
const rc4Block = 1024

func crypt(key, b []byte) error {
	c, err := rc4.NewCipher(key)
	if err != nil {
		return parser.Damage("xls: key: %v", err)
	}
	c.XORKeyStream(b, b)
	return nil
}

// records puts back what is never encrypted: the head of every record and a few whole ones ([MS-XLS] §2.2.10).
func records(stream, plain []byte) []byte {
	for s := (scanner{b: stream}); ; {
		at := s.pos
		id, body, err := s.next()
		if err != nil {
			copy(plain[at:], stream[at:]) // padding behind the last record, or a cut that the reader will see
			return plain
		}
		clear := 4
		switch id {
		case recBOF, recFilePass, 0x00e1, 0x0138, 0x0194, 0x0195, 0x0196: // INTERFACEHDR, RRDHEAD, USREXCL, FILELOCK, RRDINFO
			clear += len(body)
		case recBoundSheet:
			clear += min(4, len(body))
		}
		copy(plain[at:at+clear], stream[at:])
	}
}

// rc4Key returns the keys of the blocks, nil when the password does not fit ([MS-OFFCRYPTO] §2.3.5 and §2.3.6).
func rc4Key(b []byte) func(block int) []byte {
	var password []byte
	for _, c := range []byte(builtinPassword) {
		password = append(password, c, 0)
	}
	number := func(block int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(block)) }
	if major, minor := u16(b, 0), u16(b, 2); major == 1 && minor == 1 && len(b) >= 52 {
		h := md5.Sum(password)
		salted := bytes.Repeat(append(h[:5:5], b[4:20]...), 16)
		h = md5.Sum(salted)
		key := func(block int) []byte {
			k := md5.Sum(append(h[:5:5], number(block)...))
			return k[:]
		}
		check := bytes.Clone(b[20:52])
		if crypt(key(0), check) != nil {
			return nil
		}
		if sum := md5.Sum(check[:16]); !bytes.Equal(sum[:], check[16:]) {
			return nil
		}
		return key
	} else if minor == 2 && 2 <= major && major <= 4 {
		return cryptoAPIKey(b[4:], password, number)
	}
	return nil
}

// cryptoAPIKey reads the header and the verifier of RC4 CryptoAPI encryption ([MS-OFFCRYPTO] §2.3.5.1).
func cryptoAPIKey(b, password []byte, number func(int) []byte) func(block int) []byte {
	if len(b) < 8 {
		return nil
	}
	size := int(binary.LittleEndian.Uint32(b[4:]))
	b = b[8:]
	if size < 32 || size > len(b) || len(b)-size < 60 {
		return nil
	}
	keyBits := int(binary.LittleEndian.Uint32(b[16:]))
	b = b[size:]
	if keyBits == 0 {
		keyBits = 40
	}
	if keyBits < 40 || keyBits > 128 || binary.LittleEndian.Uint32(b) != 16 || binary.LittleEndian.Uint32(b[36:]) != sha1.Size {
		return nil
	}
	h := sha1.Sum(append(bytes.Clone(b[4:20]), password...))
	key := func(block int) []byte {
		k := sha1.Sum(append(h[:len(h):len(h)], number(block)...))
		if keyBits == 40 {
			return append(k[:5:5], make([]byte, 11)...)
		}
		return k[:keyBits/8]
	}
	check := bytes.Clone(append(b[20:36:36], b[40:60]...))
	if crypt(key(0), check) != nil {
		return nil
	}
	if sum := sha1.Sum(check[:16]); !bytes.Equal(sum[:], check[16:]) {
		return nil
	}
	return key
}

// unxor undoes XOR obfuscation, method 1 ([MS-OFFCRYPTO] §2.3.7.3).
func unxor(stream []byte) []byte {
	plain := bytes.Clone(stream)
	pad := xorArray(builtinPassword)
	for s := (scanner{b: stream}); ; {
		at := s.pos + 4
		_, body, err := s.next()
		if err != nil {
			return plain
		}
		for i, c := range body {
			plain[at+i] = bits.RotateLeft8(c^pad[(at+len(body)+i)&15], 3)
		}
	}
}

// xorKey is CreateXorKey_Method1 of [MS-OFFCRYPTO] §2.3.7.2.
func xorKey(password string) uint16 {
	initial := [15]uint16{
		0xe1f0, 0x1d0f, 0xcc9c, 0x84c0, 0x110c, 0x0e10, 0xf1ce, 0x313e, 0x1872, 0xe139, 0xd40f, 0x84f9, 0x280c, 0xa96a, 0x4ec3,
	}
	matrix := [105]uint16{
		0xaefc, 0x4dd9, 0x9bb2, 0x2745, 0x4e8a, 0x9d14, 0x2a09, 0x7b61, 0xf6c2, 0xfda5, 0xeb6b, 0xc6f7, 0x9dcf, 0x2bbf, 0x4563,
		0x8ac6, 0x05ad, 0x0b5a, 0x16b4, 0x2d68, 0x5ad0, 0x0375, 0x06ea, 0x0dd4, 0x1ba8, 0x3750, 0x6ea0, 0xdd40, 0xd849, 0xa0b3,
		0x5147, 0xa28e, 0x553d, 0xaa7a, 0x44d5, 0x6f45, 0xde8a, 0xad35, 0x4a4b, 0x9496, 0x390d, 0x721a, 0xeb23, 0xc667, 0x9cef,
		0x29ff, 0x53fe, 0xa7fc, 0x5fd9, 0x47d3, 0x8fa6, 0x0f6d, 0x1eda, 0x3db4, 0x7b68, 0xf6d0, 0xb861, 0x60e3, 0xc1c6, 0x93ad,
		0x377b, 0x6ef6, 0xddec, 0x45a0, 0x8b40, 0x06a1, 0x0d42, 0x1a84, 0x3508, 0x6a10, 0xaa51, 0x4483, 0x8906, 0x022d, 0x045a,
		0x08b4, 0x1168, 0x76b4, 0xed68, 0xcaf1, 0x85c3, 0x1ba7, 0x374e, 0x6e9c, 0x3730, 0x6e60, 0xdcc0, 0xa9a1, 0x4363, 0x86c6,
		0x1dad, 0x3331, 0x6662, 0xccc4, 0x89a9, 0x0373, 0x06e6, 0x0dcc, 0x1021, 0x2042, 0x4084, 0x8108, 0x1231, 0x2462, 0x48c4,
	}
	key, at := initial[len(password)-1], len(matrix)-1
	for i := len(password) - 1; i >= 0; i-- {
		for c, bit := password[i], 0; bit < 7; bit++ {
			if c&0x40 != 0 {
				key ^= matrix[at]
			}
			c <<= 1
			at--
		}
	}
	return key
}

// xorVerifier is CreatePasswordVerifier_Method1 of §2.3.7.1.
func xorVerifier(password string) uint16 {
	var v uint16
	mix := func(c byte) { v = (v>>14&1 | v<<1&0x7fff) ^ uint16(c) }
	for i := len(password) - 1; i >= 0; i-- {
		mix(password[i])
	}
	mix(byte(len(password)))
	return v ^ 0xce4b
}

// xorArray is CreateXorArray_Method1 of §2.3.7.2 for a password of 15 characters.
func xorArray(password string) [16]byte {
	const padding = "\xbb" // of the array of pads only the first is needed
	key := xorKey(password)
	var pad [16]byte
	for i, c := range []byte(password + padding) {
		half := byte(key)
		if i&1 == 1 {
			half = byte(key >> 8)
		}
		pad[i] = bits.RotateLeft8(c^half, -1)
	}
	return pad
}
