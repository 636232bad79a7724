package signature

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	tags "golang.org/x/crypto/cryptobyte/asn1"
)

// The algorithms of RFC 5754, RFC 4056, RFC 8419, and the old ones that are refused by name.
var (
	oidSHA1    = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	oidMD5     = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 5}
	oidSHA256  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
	oidRSA     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidPSS     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidEC      = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidEd25519 = asn1.ObjectIdentifier{1, 3, 101, 112}
)

const smallestRSA = 2048

// hashOf reads the AlgorithmIdentifier of a digest.
func hashOf(algorithm cryptobyte.String) (crypto.Hash, Fault) {
	var id asn1.ObjectIdentifier
	if !algorithm.ReadASN1ObjectIdentifier(&id) {
		return 0, Unreadable
	}
	switch {
	case id.Equal(oidSHA256):
		return crypto.SHA256, Intact
	case id.Equal(oidSHA384):
		return crypto.SHA384, Intact
	case id.Equal(oidSHA512):
		return crypto.SHA512, Intact
	case id.Equal(oidSHA1), id.Equal(oidMD5):
		return 0, Weak
	}
	return 0, Unknown
}

// combined are the signature algorithms that name their digest.
var combined = []struct {
	id   asn1.ObjectIdentifier
	hash crypto.Hash
}{
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, crypto.SHA256},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, crypto.SHA384},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, crypto.SHA512},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, crypto.SHA256},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, crypto.SHA384},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, crypto.SHA512},
}

// methodOf reads the AlgorithmIdentifier of a signature and returns how to check one; it must agree with the digest and with
// the key.
func methodOf(method cryptobyte.String, hash crypto.Hash, cert *x509.Certificate) (check func(signed, signature []byte) error, fault Fault) {
	var id asn1.ObjectIdentifier
	if !method.ReadASN1ObjectIdentifier(&id) {
		return nil, Unreadable
	}
	key, isRSA := cert.PublicKey.(*rsa.PublicKey)
	if isRSA && key.N.BitLen() < smallestRSA {
		return nil, Weak
	}
	if id.Equal(oidPSS) {
		if !isRSA || pssHash(method) != hash {
			return nil, Unknown
		}
		return func(signed, signature []byte) error {
			h := hash.New()
			h.Write(signed)
			return rsa.VerifyPSS(key, hash, h.Sum(nil), signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto}) // OpenSSL takes the longest salt
		}, Intact
	}
	algorithm := algorithmOf(id, hash, cert)
	if algorithm == x509.UnknownSignatureAlgorithm {
		return nil, Unknown
	}
	return func(signed, signature []byte) error { return cert.CheckSignature(algorithm, signed, signature) }, Intact
}

func algorithmOf(id asn1.ObjectIdentifier, hash crypto.Hash, cert *x509.Certificate) x509.SignatureAlgorithm {
	plain := id.Equal(oidRSA) || id.Equal(oidEC)
	for _, c := range combined {
		plain = plain || id.Equal(c.id) && c.hash == hash
	}
	index := map[crypto.Hash]int{crypto.SHA256: 0, crypto.SHA384: 1, crypto.SHA512: 2}[hash]
	switch {
	case id.Equal(oidEd25519) && cert.PublicKeyAlgorithm == x509.Ed25519:
		return x509.PureEd25519
	case plain && cert.PublicKeyAlgorithm == x509.RSA:
		return [...]x509.SignatureAlgorithm{x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA}[index]
	case plain && cert.PublicKeyAlgorithm == x509.ECDSA:
		return [...]x509.SignatureAlgorithm{x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512}[index]
	}
	return x509.UnknownSignatureAlgorithm
}

// pssHash is the digest that the parameters of RSASSA-PSS name; its default, SHA-1, is none (RFC 4055 §3.1).
func pssHash(method cryptobyte.String) crypto.Hash {
	var parameters, explicit, algorithm cryptobyte.String
	if !method.ReadASN1(&parameters, tags.SEQUENCE) || !parameters.ReadASN1(&explicit, tags.Tag(0).ContextSpecific().Constructed()) ||
		!explicit.ReadASN1(&algorithm, tags.SEQUENCE) {
		return 0
	}
	hash, _ := hashOf(algorithm)
	return hash
}
