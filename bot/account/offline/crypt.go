package offline

import (
	"crypto/rand"
	"crypto/sha512"
)

// Crypt hashes a password as crypt(3) does under the prefix $6$ (SHA-512, 5,000 rounds), which Google takes as "crypt" ("Directory
// API: Users", hashFunction: "$6$ … rounds 10,000 or fewer"). The algorithm is Ulrich Drepper's "Unix crypt using SHA-256 and
// SHA-512", whose steps are numbered below.
func Crypt(password string) (string, error) {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	salt := make([]byte, len(raw))
	for i, b := range raw {
		salt[i] = itoa64[b&63]
	}
	return crypt512([]byte(password), salt), nil
}

const itoa64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func crypt512(password, salt []byte) string {
	b := sha512.New() // 4-8
	b.Write(password)
	b.Write(salt)
	b.Write(password)
	sumB := b.Sum(nil)

	a := sha512.New() // 1-3
	a.Write(password)
	a.Write(salt)
	a.Write(stretch(sumB, len(password)))    // 9, 10
	for n := len(password); n > 0; n >>= 1 { // 11
		if n&1 != 0 {
			a.Write(sumB)
		} else {
			a.Write(password)
		}
	}
	sum := a.Sum(nil) // 12

	dp, ds := sha512.New(), sha512.New()
	for range password { // 13-15
		dp.Write(password)
	}
	for range 16 + int(sum[0]) { // 17-19
		ds.Write(salt)
	}
	p, s := stretch(dp.Sum(nil), len(password)), stretch(ds.Sum(nil), len(salt)) // 16, 20

	for i := range 5000 { // 21
		c := sha512.New()
		odd, even := p, sum
		if i&1 == 0 {
			odd, even = even, odd
		}
		c.Write(odd)
		if i%3 != 0 {
			c.Write(s)
		}
		if i%7 != 0 {
			c.Write(p)
		}
		c.Write(even)
		sum = c.Sum(nil)
	}

	out := append([]byte("$6$"), salt...) // 22
	out = append(out, '$')
	for i, x, y, z := 0, 0, 21, 42; i < 21; i++ {
		out = three(out, sum[x], sum[y], sum[z], 4)
		x, y, z = y+1, z+1, x+1
	}
	return string(three(out, 0, 0, sum[63], 2))
}

// stretch repeats a sum to n bytes.
func stretch(sum []byte, n int) []byte {
	var out []byte
	for len(out) < n {
		out = append(out, sum[:min(len(sum), n-len(out))]...)
	}
	return out
}

func three(out []byte, b2, b1, b0 byte, n int) []byte {
	for w := uint(b2)<<16 | uint(b1)<<8 | uint(b0); n > 0; n-- {
		out = append(out, itoa64[w&63])
		w >>= 6
	}
	return out
}
