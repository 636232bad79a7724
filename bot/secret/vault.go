package secret

import (
	"bytes"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"
)

// Why a seal does not open. The errors never show what was inside.
var (
	ErrKey   = errors.New("secret: sealed with another key, or damaged")
	ErrLabel = errors.New("secret: sealed for another place")
)

const (
	maxKeyFile = 64 << 10
	maxPlain   = 64 << 10 // a password is 14 bytes; a blob that claims more is not ours
)

// A Vault seals what must not lie readable in the database, and opens it again. It is safe for concurrent use.
type Vault struct {
	identity  *age.X25519Identity
	recipient *age.X25519Recipient
}

// GenerateKey writes a new key to path (mode 0600). It never overwrites: with the old key everything sealed would be lost.
func GenerateKey(path string) error {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return fmt.Errorf("make a sealing key: %w", err)
	}
	// Whole or not at all: written beside, then linked, and link refuses an existing name.
	f, err := os.CreateTemp(filepath.Dir(path), ".sealing-key-*") // 0600
	if err != nil {
		return fmt.Errorf("write the sealing key: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = fmt.Fprintf(f, "# The sealing key of vanthu. Keep it apart from the database and its backups.\n# public key: %s\n%s\n",
		id.Recipient(), id)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the sealing key: %w", err)
	}
	if err := os.Link(f.Name(), path); err != nil {
		if errors.Is(err, os.ErrExist) {
			return fmt.Errorf("the sealing key %s is there already and is not overwritten: %w", path, os.ErrExist)
		}
		return fmt.Errorf("write the sealing key: %w", err)
	}
	return nil
}

// Open reads the key that GenerateKey (or age-keygen) wrote. A file that others may read is refused.
func Open(path string) (*Vault, error) {
	text, err := readPrivate(path, maxKeyFile)
	if err != nil {
		return nil, fmt.Errorf("sealing key: %w", err)
	}
	ids, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil || len(ids) != 1 {
		return nil, fmt.Errorf("sealing key: %s does not hold exactly one age key", path) // the cause may quote the key
	}
	id, ok := ids[0].(*age.X25519Identity)
	if !ok {
		return nil, fmt.Errorf("sealing key: %s holds an age key of another kind than X25519", path)
	}
	return &Vault{identity: id, recipient: id.Recipient()}, nil
}

// Seal encrypts plain for the place named by label, for instance "case 12 row 7". The label is bound inside, so that a
// blob that is moved to another row does not open there.
func (v *Vault) Seal(plain []byte, label string) ([]byte, error) {
	if len(plain) > maxPlain || len(label) > maxPlain {
		return nil, errors.New("secret: too long to seal")
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, v.recipient)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	framed := binary.AppendUvarint(nil, uint64(len(label)))
	framed = append(framed, label...)
	framed = append(framed, plain...)
	if _, err := w.Write(framed); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed.Bytes(), nil
}

// Unseal opens what Seal made for the same label. ErrKey: another key or damaged; ErrLabel: sealed for another place.
func (v *Vault) Unseal(sealed []byte, label string) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), v.identity)
	if err != nil {
		return nil, ErrKey
	}
	framed, err := io.ReadAll(io.LimitReader(r, 2*maxPlain+binary.MaxVarintLen64+1))
	if err != nil {
		return nil, ErrKey
	}
	n, size := binary.Uvarint(framed)
	if size <= 0 || n > uint64(len(framed)-size) {
		return nil, ErrKey
	}
	inside, plain := framed[size:size+int(n)], framed[size+int(n):]
	if subtle.ConstantTimeCompare(inside, []byte(label)) != 1 {
		return nil, ErrLabel
	}
	return plain, nil
}
