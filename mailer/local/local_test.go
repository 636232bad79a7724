package local_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"vanthu/mailer/local"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	desk = "cntt@truong.example"
	unit = "ctsv@truong.example"
)

func start(t *testing.T) *local.Server {
	t.Helper()
	s, err := local.Start(local.Options{Domain: "truong.example", Mailboxes: []local.Account{
		{Address: desk, Password: "desk-pw"}, {Address: unit, Password: "unit-pw"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func dialSMTP(t *testing.T, s *local.Server) *smtp.Client {
	t.Helper()
	c, err := smtp.DialTLS(s.SMTPAddr(), &tls.Config{RootCAs: s.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func dialIMAP(t *testing.T, s *local.Server, o *imapclient.Options) *imapclient.Client {
	t.Helper()
	if o == nil {
		o = &imapclient.Options{}
	}
	o.TLSConfig = &tls.Config{RootCAs: s.RootCAs()}
	c, err := imapclient.DialTLS(s.IMAPAddr(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Login(desk, "desk-pw").Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// within is how long a test waits for what must happen.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestLoginVouchesForTheSender(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := dialSMTP(t, s)
	if err := c.Auth(sasl.NewPlainClient("", unit, "unit-pw")); err != nil {
		t.Fatal(err)
	}
	forged := "Authentication-Results: (mine)\r\n \"MAIL.truong.example\";\r\n auth=pass smtp.auth=boss@truong.example\r\n" +
		"Authentication-Results: elsewhere.example; dkim=pass\r\nReturn-Path: <boss@truong.example>\r\n"
	mail := "From: " + unit + "\r\nSubject: x\r\n\r\nbody\r\n"
	if err := c.SendMail(unit, []string{desk}, strings.NewReader(forged+mail)); err != nil {
		t.Fatal(err)
	}
	got, err := s.Wait(within(t), desk, "INBOX", 1)
	if err != nil {
		t.Fatal(err)
	}
	text := string(got[0])
	want := "Return-Path: <" + unit + ">\r\nAuthentication-Results: mail.truong.example; auth=pass smtp.auth=" + unit + "\r\nReceived: from "
	if !strings.HasPrefix(text, want) {
		t.Errorf("trace fields:\n%s", text)
	}
	if strings.Contains(text, "boss") {
		t.Errorf("a forged field survived:\n%s", text)
	}
	if !strings.HasSuffix(text, "Authentication-Results: elsewhere.example; dkim=pass\r\n"+mail) {
		t.Errorf("the rest of the mail is not what was sent:\n%s", text)
	}
}

func TestStrangerIsNotVouchedFor(t *testing.T) {
	t.Parallel()
	s := start(t)
	forged := "Authentication-Results : mail.truong.example; auth=pass smtp.auth=" + unit + "\nFrom: " + unit + "\n\nhello"
	if err := s.Receive("x@evil.example", desk, []byte(forged)); err != nil {
		t.Fatal(err)
	}
	got, err := s.Messages(desk, "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	text := string(got[0])
	if !strings.Contains(text, "Authentication-Results: mail.truong.example; none\r\n") || strings.Contains(text, "auth=pass") {
		t.Errorf("a stranger's mail:\n%s", text)
	}
	if err := s.Receive("x@evil.example", "nobody@truong.example", nil); err == nil {
		t.Error("mail for nobody was taken")
	}
}

func TestSubmissionRefuses(t *testing.T) {
	t.Parallel()
	s := start(t)
	mail := func() *strings.Reader { return strings.NewReader("Subject: x\r\n\r\n") }
	login := func(t *testing.T) *smtp.Client {
		c := dialSMTP(t, s)
		if err := c.Auth(sasl.NewPlainClient("", unit, "unit-pw")); err != nil {
			t.Fatal(err)
		}
		return c
	}
	code := func(t *testing.T, err error, want int) {
		t.Helper()
		if refused, ok := errors.AsType[*smtp.SMTPError](err); !ok || refused.Code != want {
			t.Errorf("got %v, want %d", err, want)
		}
	}
	t.Run("no login", func(t *testing.T) {
		code(t, dialSMTP(t, s).Mail(unit, nil), 502)
	})
	t.Run("wrong password", func(t *testing.T) {
		code(t, dialSMTP(t, s).Auth(sasl.NewPlainClient("", unit, "desk-pw")), 535)
	})
	t.Run("another person's address", func(t *testing.T) {
		code(t, login(t).Mail(desk, nil), 553)
	})
	t.Run("null sender", func(t *testing.T) {
		code(t, login(t).Mail("", nil), 553)
	})
	t.Run("outside", func(t *testing.T) {
		code(t, login(t).SendMail(unit, []string{"x@outside.example"}, mail()), 550)
	})
	t.Run("ordered failures", func(t *testing.T) {
		s.FailRcpt("CNTT@truong.example", 1, 451, "later")
		code(t, login(t).SendMail(unit, []string{desk}, mail()), 451)
		if err := login(t).SendMail(unit, []string{desk}, mail()); err != nil {
			t.Error(err)
		}
	})
	t.Run("drop after data", func(t *testing.T) {
		before, _ := s.Messages(desk, "INBOX")
		s.DropAfterData(1)
		if err := login(t).SendMail(unit, []string{desk}, mail()); err == nil {
			t.Error("the client was told that the mail was taken")
		}
		if after, _ := s.Messages(desk, "INBOX"); len(after) != len(before)+1 {
			t.Errorf("%d mails, want %d", len(after), len(before)+1)
		}
	})
}

// A mail whose header block is broken comes back byte for byte: that is what a reader has to be tried with.
func TestBodyIsWhatWasDelivered(t *testing.T) {
	t.Parallel()
	s := start(t)
	broken := []byte("Subject: a\r\nno colon in this line\r\n\r\nbody with \x00 and \xff\n.\n")
	if err := s.Deliver(desk, "INBOX", broken); err != nil {
		t.Fatal(err)
	}
	c := dialIMAP(t, s, nil)
	if _, err := c.Select("inbox", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	whole := &imap.FetchItemBodySection{Peek: true}
	header := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, Peek: true}
	got, err := c.Fetch(imap.SeqSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{whole, header}}).Collect()
	if err != nil || len(got) != 1 {
		t.Fatal(len(got), err)
	}
	if !bytes.Equal(got[0].FindBodySection(whole), broken) {
		t.Errorf("got %q", got[0].FindBodySection(whole))
	}
	if want := broken[:bytes.Index(broken, []byte("body"))]; !bytes.Equal(got[0].FindBodySection(header), want) {
		t.Errorf("header %q", got[0].FindBodySection(header))
	}
	if flags, err := s.Flags(desk, "INBOX"); err != nil || len(flags[0]) != 0 {
		t.Errorf("flags %v %v after a PEEK", flags, err)
	}
}

func TestFoldersFlagsAndMoves(t *testing.T) {
	t.Parallel()
	s := start(t)
	for range 3 {
		if err := s.Deliver(desk, "INBOX", []byte("Subject: x\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	c := dialIMAP(t, s, nil)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Move(imap.UIDSetNum(2), "Done").Wait(); err == nil {
		t.Fatal("moved into a folder that is not there")
	}
	if err := c.Create("Done", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	moved, err := c.Move(imap.UIDSetNum(2), "Done").Wait()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("2 1", moved.SourceUIDs.String()+" "+moved.DestUIDs.String()); diff != "" {
		t.Error(diff)
	}
	if err := c.Store(imap.UIDSetNum(1, 3), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.UIDExpunge(imap.UIDSetNum(3)).Close(); err != nil {
		t.Fatal(err)
	}
	left, err := c.UIDSearch(&imap.SearchCriteria{Flag: []imap.Flag{"\\DELETED"}}, nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("1", left.All.String()); diff != "" {
		t.Error(diff)
	}
	folders, err := s.Folders(desk)
	if diff := cmp.Diff([]string{"Done", "INBOX"}, folders); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// IDLE tells everything, also what came between the command before and IDLE.
func TestIdleForgetsNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	news := make(chan uint32, 100)
	c := dialIMAP(t, s, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				news <- *d.NumMessages
			}
		}}})
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := s.Deliver(desk, "INBOX", []byte("Subject: between\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	idle, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	expect := func(want uint32) {
		t.Helper()
		select {
		case n := <-news:
			if n != want {
				t.Errorf("EXISTS %d, want %d", n, want)
			}
		case <-within(t).Done():
			t.Fatalf("no EXISTS %d", want)
		}
	}
	expect(1)
	if err := s.Receive("a@evil.example", desk, []byte("Subject: during\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	expect(2)
	if err := errors.Join(idle.Close(), idle.Wait()); err != nil {
		t.Fatal(err)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Wait(ctx, desk, "Done", 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestRenumberGivesANewKeySpace(t *testing.T) {
	t.Parallel()
	s := start(t)
	if err := s.Deliver(desk, "INBOX", []byte("Subject: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	selected := func() uint32 {
		data, err := dialIMAP(t, s, nil).Select("INBOX", nil).Wait()
		if err != nil || data.NumMessages != 1 {
			t.Fatal(data, err)
		}
		return data.UIDValidity
	}
	before := selected()
	if err := s.Renumber(desk, "INBOX"); err != nil {
		t.Fatal(err)
	}
	if after := selected(); after <= before {
		t.Errorf("UIDVALIDITY %d after %d", after, before)
	}
}

func TestWriteCA(t *testing.T) {
	t.Parallel()
	s := start(t)
	file, err := s.WriteCA(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(file)
	if err != nil || !slices.Contains(strings.Split(string(pem), "\n"), "-----BEGIN CERTIFICATE-----") {
		t.Errorf("%q %v", pem, err)
	}
}
