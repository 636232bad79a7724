package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTokenIsKeptUntilItEnds(t *testing.T) {
	t.Parallel()
	s := newStand(t).loggedIn(t)
	a, b := s.source(t), s.source(t) // the mailbox's and the answers' side, or two processes
	first := token(t, a, "")
	if token(t, a, "") != first || token(t, b, "") != first || s.times() != 1 {
		t.Errorf("the provider was asked %d times, want 1", s.times())
	}
	s.pass(59 * time.Minute) // early, for clocks differ
	second := token(t, b, "")
	if second == first || token(t, a, "") != second || s.times() != 2 {
		t.Errorf("the provider was asked %d times, want 2", s.times())
	}
}

// Pain 10: a refresh token that rotates is stored before anybody uses what came with it, and no two processes use one up.
func TestPain10RotatedTokenIsStoredOnce(t *testing.T) {
	t.Parallel()
	s := newStand(t).loggedIn(t)
	var sources []*Source
	for range 5 {
		sources = append(sources, s.source(t))
	}
	for range 4 {
		s.pass(time.Hour)
		var all sync.WaitGroup
		for _, source := range sources {
			for range 3 {
				all.Go(func() {
					got, err := source.Token(t.Context(), "")
					if err != nil {
						t.Error(err)
						return
					}
					if g, err := (box{s.cfg.File}).read(); err != nil || g.Access != got {
						t.Errorf("a token is used that is not in the file: %v", err)
					}
				})
			}
		}
		all.Wait()
	}
	if s.times() != 4 || s.revoked {
		t.Errorf("asked %d times, want 4; revoked: %v", s.times(), s.revoked)
	}
	info, err := os.Stat(s.cfg.File)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(s.cfg.File + ".new*"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// Pain 10: a process that dies after the next grant was written and before it has its name loses nothing.
func TestPain10DeathBeforeTheRename(t *testing.T) {
	t.Parallel()
	for _, cut := range []bool{true, false} { // whether it came to cutting the file to its length
		s := newStand(t).loggedIn(t)
		token(t, s.source(t), "")
		old, err := os.ReadFile(s.cfg.File)
		if err != nil {
			t.Fatal(err)
		}
		s.pass(time.Hour)
		token(t, s.source(t), "")
		next, err := os.ReadFile(s.cfg.File)
		if err != nil {
			t.Fatal(err)
		}
		if !cut {
			next = append(next, make([]byte, 1000)...)
		}
		for name, data := range map[string][]byte{s.cfg.File: old, s.cfg.File + ".new": next} {
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s.pass(time.Hour)
		token(t, s.source(t), "")
		if s.revoked {
			t.Errorf("cut=%v: the old refresh token was used again", cut)
		}
	}
}

// A death in the middle of writing leaves the old grant, which is all there is.
func TestHalfWrittenGrantIsIgnored(t *testing.T) {
	t.Parallel()
	s := newStand(t).loggedIn(t)
	for _, half := range []string{"", "{", `{"client_id":"vanthu","refresh_t`, "\x00\x00\x00"} {
		if err := os.WriteFile(s.cfg.File+".new", []byte(half), 0o600); err != nil {
			t.Fatal(err)
		}
		s.pass(time.Hour)
		token(t, s.source(t), "")
	}
}

// Pain 10: no room on the disk, or no right to write, shows before the old refresh token is used up.
func TestPain10NoRoomCostsNoGrant(t *testing.T) {
	t.Parallel()
	s := newStand(t).loggedIn(t)
	if err := os.Mkdir(s.cfg.File+".new", 0o700); err != nil { // root may write anywhere; nobody opens a folder for writing
		t.Fatal(err)
	}
	source := s.source(t)
	if _, err := source.Token(t.Context(), ""); KindOf(err) != Storage || s.times() != 0 {
		t.Fatalf("%v; asked %d times", err, s.times())
	}
	if err := os.Remove(s.cfg.File + ".new"); err != nil {
		t.Fatal(err)
	}
	token(t, source, "")
}

// Pain 10: a grant that the disk refused at the last moment is stored by the next call, before anything else.
func TestPain10UnsavedGrantIsNotForgotten(t *testing.T) {
	t.Parallel()
	s := newStand(t).loggedIn(t)
	aside := s.cfg.File + ".aside"
	s.answer = func(http.ResponseWriter, *http.Request) bool { // the name is taken away while the provider answers
		if err := errors.Join(os.Rename(s.cfg.File, aside), os.Mkdir(s.cfg.File, 0o700)); err != nil {
			t.Error(err)
		}
		s.answer = nil
		return false
	}
	source := s.source(t)
	if _, err := source.Token(t.Context(), ""); KindOf(err) != Storage {
		t.Fatalf("got %v", err)
	}
	if _, err := source.Token(t.Context(), ""); KindOf(err) != Storage || s.times() != 1 {
		t.Fatalf("got %v; asked %d times", err, s.times())
	}
	if err := errors.Join(os.Remove(s.cfg.File), os.Rename(aside, s.cfg.File)); err != nil {
		t.Fatal(err)
	}
	if got := token(t, source, ""); got != s.access || s.times() != 1 {
		t.Errorf("asked %d times, want 1", s.times())
	}
	s.pass(time.Hour)
	token(t, s.source(t), "") // another process goes on with it
	if s.revoked {
		t.Error("a refresh token was used twice")
	}
}

// A person who logs in anew is believed over what could not be stored.
func TestNewLoginBeatsUnsavedGrant(t *testing.T) {
	t.Parallel()
	s := newStand(t).loggedIn(t)
	source := s.source(t)
	source.unsaved = &unsaved{next: grant{Client: "vanthu", Token: s.cfg.Provider.TokenURL, Refresh: "other"}, from: "before that"}
	token(t, source, "")
	if source.unsaved != nil {
		t.Error("it would be stored later")
	}
}

// Pain 10: a token that a server refused is not shown again, unless it was just given: then another would not help.
func TestPain10RefusedTokenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	s := newStand(t).loggedIn(t)
	a, b := s.source(t), s.source(t)
	first := token(t, a, "")
	if token(t, b, first) != first || s.times() != 1 {
		t.Error("a token of this minute was renewed")
	}
	s.pass(2 * time.Minute)
	second := token(t, b, first)
	if second == first || token(t, a, first) != second || token(t, a, "") != second || s.times() != 2 {
		t.Errorf("asked %d times, want 2", s.times())
	}
}

// Pain 10: what a person must heal is told from what passes by itself, in the error and not in a word of the provider.
func TestPain10DeadAndTemporary(t *testing.T) {
	t.Parallel()
	say := func(status int, kind, body string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	const js = "application/json"
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		want   Kind
		says   string
	}{
		"revoked":      {say(400, js, `{"error":"invalid_grant","error_description":"AADSTS700082: expired. SECRET"}`), Dead, "invalid_grant AADSTS700082"},
		"200 revoked":  {say(200, js, `{"error":"invalid_grant","error_description":"SECRET"}`), Dead, "invalid_grant"},
		"interaction":  {say(400, js, `{"error":"interaction_required","error_description":"SECRET AADSTS50076"}`), Dead, "(interaction_required)"},
		"bad client":   {say(401, js, `{"error":"invalid_client","error_description":"SECRET"}`), Refused, "invalid_client"},
		"overloaded":   {say(503, js, `{"error":"invalid_grant"}`), Temporary, "invalid_grant"},
		"busy":         {say(503, "text/html", "<h1>SECRET</h1>"), Temporary, "503"},
		"own word":     {say(400, js, `{"error":"SECRET"}`), Temporary, "400"},
		"no token":     {say(200, js, `{"refresh_token":"SECRET"}`), Temporary, "cannot be read"},
		"no json":      {say(200, js, `SECRET`), Temporary, "cannot be read"},
		"form":         {say(400, "text/plain", "error=invalid_grant&error_description=SECRET"), Dead, "invalid_grant"},
		"elsewhere":    {say(307, js, `{"SECRET":1}`), Temporary, "307"},
		"number":       {say(200, js, `{"access_token":"SECRET","expires_in":"SECRET"}`), Temporary, "cannot be read"},
		"cut":          {func(w http.ResponseWriter) { w.Header().Set("Content-Length", "500"); _, _ = w.Write([]byte("SECRET")) }, Temporary, ""},
		"disconnected": {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, Temporary, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t).loggedIn(t)
			s.answer = func(w http.ResponseWriter, _ *http.Request) bool {
				w.Header().Set("Location", "http://127.0.0.1:1/")
				c.answer(w)
				return true
			}
			source := s.source(t)
			_, err := source.Token(t.Context(), "")
			if KindOf(err) != c.want || !strings.Contains(fmt.Sprint(err), c.says) {
				t.Errorf("got %q: %v, want %q with %q", KindOf(err), err, c.want, c.says)
			}
			if text := fmt.Sprintf("%+v %#v", err, err); strings.Contains(text, "SECRET") || strings.Contains(text, s.refresh) || strings.Contains(text, "hush") {
				t.Errorf("said too much: %s", text)
			}
			_, _ = source.Token(t.Context(), "")
			asked, want := s.times(), 2
			if c.want != Temporary {
				want = 1 // the provider is not stormed with what only a person can heal
			}
			if asked != want {
				t.Errorf("asked %d times for two connections, want %d", asked, want)
			}
			s.provider.mu.Lock()
			s.answer = nil
			s.provider.mu.Unlock()
			s.pass(again)
			token(t, source, "") // it was the provider's mistake
		})
	}
}

// A login in another process heals a dead grant without a restart.
func TestLoginHealsAtOnce(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	source := s.source(t)
	if _, err := source.Token(t.Context(), ""); KindOf(err) != Dead || s.times() != 0 {
		t.Errorf("without a login: %v", err)
	}
	s.loggedIn(t)
	s.revoked = true
	if _, err := source.Token(t.Context(), ""); KindOf(err) != Dead {
		t.Errorf("revoked: %v", err)
	}
	s.revoked, s.refresh = false, "second login"
	s.loggedIn(t)
	token(t, source, "")
}

// Pain 10: the end of a grant is known days before, where it can be known.
func TestPain10ExpiryIsKnownBefore(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		life    time.Duration
		said    any
		rotates bool
		want    time.Duration // from the renewal a day after the login; 0: not known
	}{
		"microsoft slides":           {life: 90 * day, rotates: true, want: 90 * day},
		"google testing":             {said: 6 * 24 * 3600, want: 6 * day},
		"google in production":       {want: 0},
		"what is said counts":        {life: 90 * day, said: 7 * 24 * 3600, rotates: true, want: 7 * day},
		"nonsense is not said":       {said: -5, want: 0},
		"a text is not said":         {said: "soon", want: 0},
		"what stays does not slide":  {life: 90 * day, want: 0},
		"a very long life is a life": {said: 1e300, want: 2147483647 * time.Second},
	} {
		s := newStand(t).loggedIn(t)
		s.cfg.Provider.GrantLife, s.rotates = c.life, c.rotates
		if c.said != nil {
			s.extra["refresh_token_expires_in"] = c.said
		}
		source := s.source(t)
		if _, known := source.Expires(); known {
			t.Errorf("%s: known before the first renewal", name)
		}
		s.pass(day)
		token(t, source, "")
		got, known := s.source(t).Expires()
		if known != (c.want > 0) || known && got.Sub(s.Now()) != c.want {
			t.Errorf("%s: in %v, %v; want in %v", name, got.Sub(s.Now()), known, c.want)
		}
	}
}

func TestApplicationWithoutPerson(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.cfg.AppOnly = true
	s.answer = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.PostForm.Get("scope") != "mail/.default" {
			t.Errorf("scope %q", r.PostForm.Get("scope"))
		}
		return false
	}
	source := s.source(t)
	first := token(t, source, "")
	if token(t, source, "") != first || s.asked[0] != "client_credentials" {
		t.Errorf("%q", s.asked)
	}
	s.pass(time.Hour)
	if token(t, source, "") == first {
		t.Error("an old token was given")
	}
	if entries, _ := os.ReadDir(filepath.Dir(s.cfg.File)); len(entries) > 0 {
		t.Errorf("files were made: %v", entries)
	}
	if _, known := source.Expires(); known {
		t.Error("it ends")
	}
}

func TestFileThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	whole := func(change func(g *grant)) func(s *stand) error {
		return func(s *stand) error {
			g := grant{Client: "vanthu", Token: s.cfg.Provider.TokenURL, Refresh: "SECRET"}
			change(&g)
			data, err := json.Marshal(g)
			return errors.Join(err, os.WriteFile(s.cfg.File, data, 0o600))
		}
	}
	for name, c := range map[string]struct {
		write func(s *stand) error
		want  Kind
	}{
		"other application": {whole(func(g *grant) { g.Client = "other" }), Dead},
		"other provider":    {whole(func(g *grant) { g.Token = "https://other.example" }), Dead},
		"no refresh token":  {whole(func(g *grant) { g.Refresh = "" }), Dead},
		"open to all": {func(s *stand) error {
			return errors.Join(whole(func(*grant) {})(s), os.Chmod(s.cfg.File, 0o644))
		}, Storage},
		"no json": {func(s *stand) error { return os.WriteFile(s.cfg.File, []byte("SECRET"), 0o600) }, Storage},
		"huge": {func(s *stand) error {
			return os.WriteFile(s.cfg.File, []byte(`{"refresh_token":"`+strings.Repeat("SECRET", most)+`"}`), 0o600)
		}, Storage},
		"folder": {func(s *stand) error { return os.Mkdir(s.cfg.File, 0o700) }, Storage},
	} {
		s := newStand(t)
		if err := c.write(s); err != nil {
			t.Fatal(err)
		}
		source := s.source(t)
		_, err := source.Token(t.Context(), "")
		if KindOf(err) != c.want || strings.Contains(err.Error(), "SECRET") || s.times() > 0 {
			t.Errorf("%s: %v, asked %d times", name, err, s.times())
		}
		if _, err := source.Status(); KindOf(err) != c.want {
			t.Errorf("%s: status %v", name, err)
		}
	}
}

// Whoever waits, for a process or for the provider, goes when he is told to.
func TestWaitingEnds(t *testing.T) {
	t.Parallel()
	s := newStand(t).loggedIn(t)
	unlock, err := (box{s.cfg.File}).lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	source := s.source(t)
	if _, err := source.Token(ctx, ""); KindOf(err) != Temporary || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	unlock()
	s.answer = func(_ http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		return true
	}
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := source.Token(ctx, ""); KindOf(err) != Temporary || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
