package store_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/bot/store/storetest"
)

// What plans of before would make is reserved; accounts keep the user names that the codes gave them; the way back works, too.
func TestNamesOfAnEarlierVersion(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		store.Migrate(t, db, 18)
		store.Exec(t, db, `INSERT INTO mail_raw (hash, raw) VALUES ('h', 'x')`)
		store.Exec(t, db, `INSERT INTO mails (id, mailbox, uid_validity, uid, hash, body_hash, size, arrived_at, seen_at) VALUES (1, 'INBOX', 7, 1, 'h', 'h', 1, 1, 1)`)
		for i, state := range []string{"in_work", "creating", "delivered", "in_work", "suspended"} {
			store.Exec(t, db, `INSERT INTO cases (id, number, procedure, edition, kind, unit, state, reason, letter_date, signer, letter_file, list_file, mail_id, received_at,
				checked_at, checked_by, planned_at, planned_by, plan_id, updated_at) VALUES ($1, $2, 'p', '01', 'account_request', 'CTSV', $3, '', '', '', '', '', 1, 1, 1, 'x', 1, 'y', $1, 1)`,
				i+1, []string{"YC-2026-0001", "YC-2026-0002", "YC-2026-0003", "YC-2026-0004", "YC-2026-0005"}[i], state)
		}
		plan := func(id int, items string, dropped int) {
			store.Exec(t, db, `INSERT INTO plans (id, number, hash, items, made_at, made_by, kind, dropped_at) VALUES ($1, $2, 'h', $3, 5, 'officer:lan', 'create', $4)`, id, "KH-"+string(rune('0'+id)), items, dropped)
		}
		item := func(number, code string) string {
			return `{"case":"` + number + `","n":1,"code":"` + code + `","user":"` + code + `","address":"` + code + `@sv.truong.example"}`
		}
		plan(1, `[`+item("YC-2026-0001", "ck1")+`]`, 0) // of the first format
		plan(2, `{"format":2,"items":[`+item("YC-2026-0002", "ck2")+`]}`, 0)
		plan(3, `{"format":2,"items":[`+item("YC-2026-0003", "ck3")+`]}`, 0)
		plan(4, `{"format":2,"items":[`+item("YC-2026-0004", "ck4")+`]}`, 9)
		plan(5, `{"format":2,"items":[]}`, 0)
		for i, state := range []string{"good", "warned", "delivered", "good", "suspended"} {
			store.Exec(t, db, `INSERT INTO case_rows (case_id, n, stt, code, name, class, cohort, note, monitor, file, sheet, line, cells, ok, state, address)
				VALUES ($1, 1, '', 'x', 'Nguyễn Văn An', 'YBK47', 'K47', '', false, '', '', 0, '{}', true, $2, $3)`, i+1, state, map[bool]string{true: "ck3@sv.truong.example"}[state == "delivered"])
		}
		account := `INSERT INTO accounts (code, address, name, platform, case_id, n, created_at, state, delete_case) VALUES ($1, $2, 'Nguyễn Văn An', 'ldap', $3, 1, 1, 'active', $4)`
		store.Exec(t, db, account, "CK3", "ck3@sv.truong.example", 3, 0)
		store.Exec(t, db, account, "CB5", "le.bay@truong.example", 5, 5) // entered by its suspension

		for range 2 {
			store.Migrate(t, db, newestNames)
			names := read(t, db, func(ctx context.Context, tx *store.Tx) (map[string]store.UserName, error) {
				return tx.UserNamesOf(ctx, []string{"ck1", "ck2", "ck3", "ck4"})
			})
			want := map[string]store.UserName{
				"ck1": {User: "ck1", Address: "ck1@sv.truong.example", Nth: 1, Reserved: true, PlanID: 1},
				"ck2": {User: "ck2", Address: "ck2@sv.truong.example", Nth: 1, Reserved: true, PlanID: 2},
			}
			if diff := cmp.Diff(want, names); diff != "" {
				t.Error(diff)
			}
			users := read(t, db, func(ctx context.Context, tx *store.Tx) (map[string]string, error) {
				return tx.RegisteredUsers(ctx, []string{"CK3", "CB5"})
			})
			if diff := cmp.Diff(map[string]string{"CK3": "ck3", "CB5": ""}, users); diff != "" {
				t.Error(diff)
			}
			rows := read(t, db, func(ctx context.Context, tx *store.Tx) ([]bot.CaseRow, error) { return tx.Rows(ctx, 3) })
			if rows[0].User != "ck3" {
				t.Errorf("the row's user is %q", rows[0].User)
			}
			classes := read(t, db, func(ctx context.Context, tx *store.Tx) (map[string]int, error) {
				classes, _, err := tx.LiveByClass(ctx)
				return classes, err
			})
			if diff := cmp.Diff(map[string]int{"YBK47": 2}, classes); diff != "" {
				t.Error(diff)
			}
			store.Exec(t, db, `INSERT INTO accounts (code, address, name, platform, n, created_at, origin) VALUES ('IMP1', 'a@b', 'x', 'ldap', 0, 0, 'imported')`)
			store.Migrate(t, db, 18)
			if n := store.Count(t, db, "accounts"); n != 2 {
				t.Errorf("%d accounts after the way down", n)
			}
			if err := store.TryExec(t, db, `INSERT INTO accounts (code, address, name, platform, n, created_at) VALUES ('IMP1', 'a@b', 'x', 'ldap', 0, 0)`); err == nil {
				t.Error("after the way down an account needs no case")
			}
		}
		store.Migrate(t, db, store.Newest())
	})
}

const newestNames = 19
