package mime_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"vanthu/mailer/mime"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	two := "Subject: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n"
	small := mime.DefaultLimits()
	for _, c := range []struct {
		name string
		lim  func(*mime.Limits)
		want mime.LimitError
	}{
		{"size", func(l *mime.Limits) { l.Size = 20 }, mime.LimitError{What: "size", Limit: 20}},
		{"header", func(l *mime.Limits) { l.Header = 30 }, mime.LimitError{What: "header", Limit: 30}},
		{"parts", func(l *mime.Limits) { l.Parts = 2 }, mime.LimitError{What: "parts", Limit: 2}},
		{"depth", func(l *mime.Limits) { l.Depth = 1 }, mime.LimitError{What: "depth", Limit: 1, Where: "part 2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			lim := small
			c.lim(&lim)
			_, err := mime.Parse([]byte(two), lim)
			limit, ok := errors.AsType[*mime.LimitError](err)
			if !ok || *limit != c.want {
				t.Errorf("got %v, want %v", err, &c.want)
			}
		})
	}
	if _, err := mime.Parse([]byte(two), mime.Limits{Parts: 3, Depth: 2}); err != nil {
		t.Errorf("within the limits: %v", err)
	}
}

func TestParseEmpty(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "\r\n\r\n", "\xef\xbb\xbf"} {
		if _, err := mime.Parse([]byte(raw), mime.Limits{}); !errors.Is(err, mime.ErrEmpty) {
			t.Errorf("%q: got %v, want ErrEmpty", raw, err)
		}
	}
}

// A forwarded mail stays a part and can be read again.
func TestParseForwarded(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/33-forward-rfc822/message.eml")
	if err != nil {
		t.Fatal(err)
	}
	outer, err := mime.Parse(raw, mime.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	inner, err := mime.Parse(outer.Parts[0].Data, mime.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(inner.Parts) != 1 || inner.Parts[0].Name != "DS.xlsx" || len(inner.Problems) != 0 {
		t.Errorf("the inner mail: %+v", inner)
	}
}

// A second From behind a line that looks like a boundary stays a second From: a verifier of signatures reads the header to
// its empty line, and may have found the other one signed.
func TestNoFromHidesBehindABoundary(t *testing.T) {
	t.Parallel()
	for _, between := range []string{"--x\r\nContent-A: b\r\n", "--x: y\r\nContent-A: b\r\n", "x\r\n", "", "F\x01: x\r\n", "X : y\r\n"} {
		for _, end := range []string{"\r\nabc", ""} {
			raw := "From: ctsv@truong.example\r\n" + between + "From : sv@truong.example\r\nContent-Type: text/plain\r\n" + end
			m, err := mime.Parse([]byte(raw), mime.Limits{})
			if err != nil || len(m.From) != 2 || len(m.Fields) < 3 {
				t.Errorf("%q: %v, %+v", raw, err, m)
			}
		}
	}
}

func TestManyProblemsAreBounded(t *testing.T) {
	t.Parallel()
	m, err := mime.Parse([]byte("Subject: a\r\n"+strings.Repeat("junk\r\n", 10_000)+"\r\nb"), mime.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(m.Problems); n != 51 {
		t.Errorf("%d problems, want 50 and one saying that there are more", n)
	}
}

func TestCleanName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"DS.xlsx", "DS.xlsx"},
		{`C:\Users\Mai\DS.xlsx`, "DS.xlsx"},
		{"/etc/passwd", "passwd"},
		{"..", ""},
		{"a/..", ""},
		{"  DS\x00\r\n.xlsx ", "DS.xlsx"},
		{"Danh sa\u0301ch.xlsx", "Danh sách.xlsx"},
		{strings.Repeat("á", 200) + ".xlsx", strings.Repeat("á", 97) + ".xlsx"},
		{strings.Repeat("a", 300), strings.Repeat("a", 200)},
	} {
		if got := mime.CleanName(c.in); got != c.want {
			t.Errorf("CleanName(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// BenchmarkParse reads a usual request: text, a letter and a list, 25 KB.
func BenchmarkParse(b *testing.B) {
	var raw bytes.Buffer
	raw.WriteString("From: =?utf-8?q?Ph=C3=B2ng_CTSV?= <ctsv@truong.example>\r\nTo: cntt@truong.example\r\n" +
		"Subject: =?utf-8?b?xJDhu4Egbmdo4buLIGPhuqVwIHTDoGkga2hv4bqjbg==?= email\r\nMessage-ID: <1@truong.example>\r\n" +
		"Date: Mon, 26 Aug 2024 08:30:05 +0700\r\nContent-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n" +
		"--=_b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nKính gửi Phòng CNTT.\r\n")
	for name, size := range map[string]int{"De nghi.docx": 11_000, "DS.xlsx": 6_000} {
		fmt.Fprintf(&raw, "--=_b\r\nContent-Type: application/octet-stream; name=%q\r\nContent-Transfer-Encoding: base64\r\n\r\n", name)
		text := base64.StdEncoding.EncodeToString(make([]byte, size))
		for len(text) > 76 {
			raw.WriteString(text[:76] + "\r\n")
			text = text[76:]
		}
		raw.WriteString(text + "\r\n")
	}
	raw.WriteString("--=_b--\r\n")
	b.SetBytes(int64(raw.Len()))
	for b.Loop() {
		if _, err := mime.Parse(raw.Bytes(), mime.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
