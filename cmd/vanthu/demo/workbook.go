package demo

import (
	"bytes"
	"crypto/aes"
	"crypto/sha1" // the file format says so
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"

	"github.com/richardlehane/mscfb"

	"vanthu/parser"
	"vanthu/parser/grid"
	"vanthu/parser/xlsx"
)

// An opened account is one row of a credentials workbook.
type opened struct{ code, user, address, password string }

// errPassphrase says that a passphrase does not open a workbook.
var errPassphrase = errors.New("the passphrase does not open the workbook")

// openWorkbook reads the accounts of an encrypted workbook, which has a sheet for each class. It decrypts on its own, by the published format ([MS-OFFCRYPTO]
// §2.3.4, Standard Encryption), and not with the library that wrote the file: what it opens, others open too.
func openWorkbook(file []byte, passphrase string) (accounts []opened, classes int, err error) {
	info, encrypted, err := streams(file)
	if err != nil {
		return nil, 0, fmt.Errorf("no encrypted workbook: %w", err)
	}
	key, err := keyOf(info, passphrase)
	if err != nil {
		return nil, 0, err
	}
	if len(encrypted) < 8 {
		return nil, 0, errors.New("the encrypted workbook is cut short")
	}
	plain := decrypt(key, encrypted[8:])
	size := binary.LittleEndian.Uint64(encrypted)
	if size > uint64(len(plain)) {
		return nil, 0, errors.New("the encrypted workbook is cut short")
	}
	book, err := xlsx.Read(plain[:size], parser.DefaultLimits())
	if err != nil {
		return nil, 0, err
	}
	accounts, classes = accountsIn(book)
	return accounts, classes, nil
}

// streams returns the two streams of an encrypted package ([MS-OFFCRYPTO] §2.3.1).
func streams(file []byte) (info, encrypted []byte, err error) {
	container, err := mscfb.New(bytes.NewReader(file))
	if err != nil {
		return nil, nil, err
	}
	for entry, err := container.Next(); err == nil; entry, err = container.Next() {
		data, readErr := io.ReadAll(entry)
		if readErr != nil {
			return nil, nil, readErr
		}
		switch entry.Name {
		case "EncryptionInfo":
			info = data
		case "EncryptedPackage":
			encrypted = data
		}
	}
	if info == nil || encrypted == nil {
		return nil, nil, errors.New("the container holds no encrypted package")
	}
	return info, encrypted, nil
}

// spins is the fixed number of rounds of Standard Encryption ([MS-OFFCRYPTO] §2.3.4.7).
const spins = 50_000

// keyOf derives the key from the passphrase and makes sure that it is the right one (§2.3.4.7 and §2.3.4.9). info is the
// version, flags, a header of a length of its own, then the verifier: salt length, salt, verifier, hash length, hash.
func keyOf(info []byte, passphrase string) ([]byte, error) {
	const head, verifierLength = 12, 4 + 16 + 16 + 4 + 32
	if len(info) < head {
		return nil, errors.New("no description of the encryption")
	}
	header := uint64(binary.LittleEndian.Uint32(info[8:]))
	if binary.LittleEndian.Uint16(info[2:]) != 2 || uint64(len(info)) < head+header+verifierLength {
		return nil, errors.New("not the Standard Encryption of ECMA-376")
	}
	v := info[head+header:]
	salt, verifier, hash := v[4:20], v[20:36], v[40:72]

	var password []byte
	for _, unit := range utf16.Encode([]rune(passphrase)) {
		password = binary.LittleEndian.AppendUint16(password, unit)
	}
	h := sha1.Sum(append(bytes.Clone(salt), password...))
	for i := range uint32(spins) {
		h = sha1.Sum(append(binary.LittleEndian.AppendUint32(nil, i), h[:]...))
	}
	h = sha1.Sum(append(h[:], 0, 0, 0, 0)) // block 0
	pad := bytes.Repeat([]byte{0x36}, 64)
	for i, b := range h {
		pad[i] ^= b
	}
	derived := sha1.Sum(pad)
	key := derived[:16] // AES-128

	sum := sha1.Sum(decrypt(key, verifier))
	if !bytes.Equal(sum[:], decrypt(key, hash)[:len(sum)]) {
		return nil, errPassphrase
	}
	return key, nil
}

// decrypt is AES in ECB mode, as the format wants it; a last part of a block is left out.
func decrypt(key, data []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil // a key of another length cannot be here
	}
	plain := make([]byte, len(data)/aes.BlockSize*aes.BlockSize)
	for at := 0; at < len(plain); at += aes.BlockSize {
		block.Decrypt(plain[at:], data[at:at+aes.BlockSize])
	}
	return plain
}

// accountsIn reads every sheet that has the columns of the credentials workbook: one for each class.
func accountsIn(book grid.Book) (all []opened, classes int) {
	for _, sheet := range book.Sheets {
		if len(sheet.Rows) == 0 {
			continue
		}
		columns := make(map[string]int)
		for _, c := range sheet.Rows[0].Cells {
			columns[c.Text] = c.Col
		}
		if columns["Mật khẩu ban đầu"] == 0 {
			continue // instructions
		}
		classes++
		for _, row := range sheet.Rows[1:] {
			all = append(all, opened{row.Cell(columns["Mã số"]).Text, row.Cell(columns["Tên đăng nhập"]).Text,
				row.Cell(columns["Địa chỉ email"]).Text, row.Cell(columns["Mật khẩu ban đầu"]).Text})
		}
	}
	return all, classes
}
