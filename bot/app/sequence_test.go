package app

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vanthu/bot"
	"vanthu/bot/account"
	"vanthu/bot/config"
	"vanthu/bot/job"
	"vanthu/bot/secret"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
	"vanthu/mailer/outbox"
)

// Units mail what they like, officers do what they like, in any order and at any time; the answers are sent, accounts made. Then,
// after each step (the properties of the procedure): every case, row and account has gone along drawn arrows; nothing was created,
// reset, suspended or erased but what an approved plan says, made by one officer and approved by another; a person has one account.
//
// VANTHU_SEQUENCES is how many sequences are tried, VANTHU_SEED makes them other ones.
func TestSequences(t *testing.T) {
	want := []string{"received", "waiting_unit", "in_work", "delivered", "closed", "withdrawn", "superseded", "row delivered", "row missing", "reset", "suspended",
		"row suspended", "row restored", "row erased", "account deleted"}
	seed, err := strconv.Atoi(cmp.Or(os.Getenv("VANTHU_SEED"), "20270128"))
	if err := errors.Join(err, flag.Set("rapid.checks", cmp.Or(os.Getenv("VANTHU_SEQUENCES"), "30")), flag.Set("rapid.steps", "60"), flag.Set("rapid.nofailfile", "true")); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	unseen := func(state string) bool { return !seen[state] }
	rounds := 5
	if testing.Short() { // rapid tries a fifth in each
		rounds = 25
	}
	for more := 0; more < rounds && slices.ContainsFunc(want, unseen); more++ { // what came to nothing shows nothing
		if err := flag.Set("rapid.seed", strconv.Itoa(seed+1000*more)); err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(rt *rapid.T) {
			w := newSequence(t, rt)
			w.seen = seen
			defer w.close()
			rt.Repeat(w.steps())
		})
	}
	if left := slices.DeleteFunc(want, func(state string) bool { return seen[state] }); len(left) > 0 {
		t.Errorf("no sequence came to %s", strings.Join(left, ", "))
	}
}

// sequence is one desk with everything real but the wires.
type sequence struct {
	t     *rapid.T
	app   *App
	parts *parts
	close func()
	now   time.Time

	uid   uint32
	seen  map[string]bool    // states that were reached
	acted map[bot.Actor]bool // officers who did anything at all

	cases        map[int64]bot.State
	rows         map[[2]int64]bot.RowState
	accounts     map[string]bot.AccountState
	platform     map[string]account.Account // by code, as it was after the last step
	held, erased map[string]bool            // by code
	passwords    map[string]string          // hashes
}

var sequenceOfficers = []bot.Officer{{ID: "lan", Name: "Trần Thị Lan"}, {ID: "minh", Name: "Châu Văn Minh", Approver: true}, {ID: "hoa", Name: "Lý Thị Hoa", Approver: true}}

func newSequence(t *testing.T, rt *rapid.T) *sequence {
	dir := t.TempDir()
	w := &sequence{t: rt, now: time.Date(2027, 1, 28, 2, 0, 0, 0, time.UTC), acted: map[bot.Actor]bool{}, cases: map[int64]bot.State{},
		rows: map[[2]int64]bot.RowState{}, accounts: map[string]bot.AccountState{}, held: map[string]bool{}, erased: map[string]bool{}, platform: map[string]account.Account{}}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(secret.GenerateKey(filepath.Join(dir, "vanthu.key")))
	must(os.WriteFile(filepath.Join(dir, "pass"), []byte("correct horse battery staple"), 0o600))
	must(os.WriteFile(filepath.Join(dir, "vanthu.toml"), []byte(sequenceConfig), 0o600))
	cfg, err := config.Load(filepath.Join(dir, "vanthu.toml"))
	must(err)
	cfg.Store.URL = storetest.SQLiteURL(t)
	clock := func() time.Time { return w.now }
	ctx := t.Context()
	w.app, err = open(ctx, cfg, slog.New(slog.DiscardHandler), clock)
	must(err)
	w.parts, err = newParts(ctx, w.app, Hooks{})
	must(err)
	w.parts.postman = newPostman(w.app, func(context.Context, outbox.Message) (string, error) { return "250 ok", nil })
	w.close = func() { w.parts.close(); w.app.Close() }
	return w
}

const sequenceConfig = `
[school]
name = "TRƯỜNG ĐẠI HỌC Y DƯỢC VÍ DỤ"
office = "Phòng Công nghệ Thông tin"
place = "Cần Thơ"
contact = "cntt@truong.example"
[imap]
address = "127.0.0.1:9"
tls = "implicit"
user = "cntt@truong.example"
password_file = "pass"
[smtp]
address = "127.0.0.1:9"
tls = "starttls"
from = "cntt@truong.example"
from_name = "Phòng CNTT"
[trust]
authserv_id = "mail.truong.example"
domains = ["truong.example"]
[store]
url = "sqlite:vanthu.db"
[secret]
key_file = "vanthu.key"
[accounts]
platform = "file"
domain = "sv.truong.example"
file_path = "accounts.jsonl"
[brakes]
rounds = 0
sender_hour = 0
sender_day = 0
desk_hour = 0
[[rules.code]]
pattern = '\d{10}'
shown = "10 chữ số"
[[unit]]
id = "CTSV"
name = "Phòng Công tác sinh viên"
addresses = ["ctsv@truong.example"]
passphrase_file = "pass"
[[unit]]
id = "DTSDH"
name = "Phòng Đào tạo Sau đại học"
addresses = ["dtsdh@truong.example"]
passphrase_file = "pass"
[[officer]]
id = "lan"
name = "Trần Thị Lan"
login = "lan"
[[officer]]
id = "minh"
name = "Châu Văn Minh"
login = "minh"
approver = true
[[officer]]
id = "hoa"
name = "Lý Thị Hoa"
login = "hoa"
approver = true
`

func (w *sequence) ctx() context.Context { return context.Background() }

func (w *sequence) read(f func(ctx context.Context, tx *store.Tx) error) {
	if err := w.app.DB.Read(w.ctx(), func(tx *store.Tx) error { return f(w.ctx(), tx) }); err != nil {
		w.t.Fatal(err)
	}
}

// steps are what may happen, and what must hold after each of it.
func (w *sequence) steps() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"a unit asks":       w.unitAsks,
		"a unit says":       w.unitSays,
		"a unit misses":     w.unitMisses,
		"an officer acts":   w.officerActs,
		"an officer plans":  w.officerPlans,
		"an officer agrees": w.officerApproves,
		"officers serve":    w.officersServe,
		"a window ends":     w.windowEnds,
		"vanthu works":      func(*rapid.T) { w.works() },
		"vanthu works on":   func(*rapid.T) { w.works() },
		"time passes": func(t *rapid.T) {
			w.now = w.now.Add(time.Duration(rapid.IntRange(1, 24*40).Draw(t, "hours")) * time.Hour)
		},
		"": func(*rapid.T) { w.holds() },
	}
}

// works does what the queue would do now.
func (w *sequence) works() {
	for range 3 {
		jobs, err := w.app.sweep(w.ctx(), true)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, j := range jobs {
			for _, q := range w.parts.queues(w.app) {
				if q.Kind == j.Kind {
					w.worked(q.Handler(w.ctx(), j.ID))
				}
			}
		}
	}
}

// worked is what a job may say.
func (w *sequence) worked(err error) {
	if _, later := errors.AsType[job.Later](err); !later {
		refused(w.t, err)
	}
}
