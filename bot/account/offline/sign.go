package offline

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/crypto/ssh"
)

// What the other admin names when he verifies: `ssh-keygen -Y verify -I vanthu -n vanthu-bundle …`. OpenSSH is part of every Linux
// and of Windows since 10; nothing of ours is needed there.
const (
	signer    = "vanthu"
	namespace = "vanthu-bundle"
)

// A Key signs bundles.
type Key struct{ private ed25519.PrivateKey }

// OpenKey reads a key that `ssh-keygen -t ed25519 -N "" -f FILE` wrote. One that others may read is refused.
func OpenKey(path string) (Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Key{}, fmt.Errorf("offline: the signing key: %w", err)
	}
	if mode := info.Mode().Perm(); !info.Mode().IsRegular() || mode&0o027 != 0 || info.Size() > 64<<10 {
		return Key{}, fmt.Errorf("offline: the signing key %s can be read or changed by others (mode %04o), or is no key; chmod 600 it", path, mode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Key{}, fmt.Errorf("offline: the signing key: %w", err)
	}
	raw, err := ssh.ParseRawPrivateKey(text)
	if err != nil { // the cause may quote the key
		return Key{}, fmt.Errorf("offline: the signing key %s is not a private key of OpenSSH without a passphrase; make one: ssh-keygen -t ed25519 -N '' -f %s", path, path)
	}
	private, ok := raw.(*ed25519.PrivateKey)
	if !ok {
		return Key{}, fmt.Errorf("offline: the signing key %s is not an ed25519 key; make one: ssh-keygen -t ed25519 -N '' -f %s", path, path)
	}
	return Key{*private}, nil
}

// AllowedSigner is the line of the file that ssh-keygen checks against. The other admin must get it by another way than the
// bundles.
func (k Key) AllowedSigner() (string, error) {
	public, err := ssh.NewPublicKey(k.private.Public())
	if err != nil {
		return "", fmt.Errorf("offline: %w", err)
	}
	return signer + " " + string(bytes.TrimSpace(ssh.MarshalAuthorizedKey(public))) + "\n", nil
}

// Sign signs a file as `ssh-keygen -Y sign -n vanthu-bundle` does (OpenSSH, PROTOCOL.sshsig). The same file and key give the same
// signature.
func (k Key) Sign(message []byte) ([]byte, error) {
	if k.private == nil {
		return nil, errors.New("offline: no signing key")
	}
	public, err := ssh.NewPublicKey(k.private.Public())
	if err != nil {
		return nil, fmt.Errorf("offline: %w", err)
	}
	hash := sha512.Sum512(message)
	signed := fields([]byte("SSHSIG"), namespace, "", "sha512", string(hash[:]))
	signature := fields(nil, public.Type(), string(ed25519.Sign(k.private, signed)))
	blob := binary.BigEndian.AppendUint32([]byte("SSHSIG"), 1) // version
	blob = fields(blob, string(public.Marshal()), namespace, "", "sha512", string(signature))

	out := []byte("-----BEGIN SSH SIGNATURE-----\n")
	for text := base64.StdEncoding.EncodeToString(blob); text != ""; {
		n := min(70, len(text))
		out = append(append(out, text[:n]...), '\n')
		text = text[n:]
	}
	return append(out, "-----END SSH SIGNATURE-----\n"...), nil
}

// fields appends strings as SSH writes them (RFC 4251 §5).
func fields(to []byte, values ...string) []byte {
	for _, v := range values {
		to = append(binary.BigEndian.AppendUint32(to, uint32(len(v))), v...) //nolint:gosec // a key, a name or a hash
	}
	return to
}
