package inbox

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A cabinet is a fake that can MOVE, and go away at any point of it.
type cabinet struct {
	*fake
	filed []fakeMail
	// drop is asked at each step of a move and returns true when the connection ends there.
	drop func(c *fakeConn, step string) bool
}

func newCabinet(t *testing.T, mails int) *cabinet {
	k := &cabinet{fake: newPiped(t)}
	for uid := range uint32(mails) {
		k.mails = append(k.mails, mail(uid+1))
	}
	k.caps, k.files, k.hook = "IMAP4rev1 MOVE UIDPLUS", true, k.move
	return k
}

// The steps of a move, at each of which the line may break.
var steps = []string{"before", "half", "moved", "in COPYUID", "behind COPYUID", "in EXPUNGE", "in OK", "behind OK"}

// move answers as RFC 6851 §4.3 has it: COPYUID untagged, EXPUNGE for each, OK.
func (k *cabinet) move(c *fakeConn, command string) bool {
	args, ok := strings.CutPrefix(command, "UID MOVE ")
	if !ok {
		return false
	}
	set, _, _ := strings.Cut(args, " ")
	if k.drop(c, "before") {
		return true
	}
	var from, to []string
	var gone []int
	k.mu.Lock()
	for i, m := range slices.Clone(k.mails) {
		if !inSet(set, m.uid) {
			continue
		}
		n := i - len(gone)
		k.mails = slices.Delete(k.mails, n, n+1)
		k.filed = append(k.filed, m)
		gone, from, to = append(gone, n+1), append(from, fmt.Sprint(m.uid)), append(to, fmt.Sprint(100+len(k.filed)))
		if len(gone) == 2 && k.drop(c, "half") {
			k.mu.Unlock()
			return true
		}
	}
	k.mu.Unlock()
	if k.drop(c, "moved") {
		return true
	}
	copied := fmt.Sprintf("* OK [COPYUID 9 %s %s] moved\r\n", strings.Join(from, ","), strings.Join(to, ","))
	_, _ = c.Write([]byte(copied[:len(copied)/2]))
	if k.drop(c, "in COPYUID") {
		return true
	}
	_, _ = c.Write([]byte(copied[len(copied)/2:]))
	if k.drop(c, "behind COPYUID") {
		return true
	}
	for i, n := range gone {
		c.say("* %d EXPUNGE", n)
		if i == 0 && k.drop(c, "in EXPUNGE") {
			return true
		}
	}
	_, _ = fmt.Fprintf(c, "%s O", c.tag)
	if k.drop(c, "in OK") {
		return true
	}
	c.say("K done")
	k.drop(c, "behind OK")
	return true
}

// file moves everything, trying again as bot/app does, and holds what the filer said against what lies where.
func (k *cabinet) file(t *testing.T, filer *Filer, uids []uint32, what string) {
	t.Helper()
	var err error
	for range 40 {
		var moved []Moved
		moved, err = filer.MoveAll(t.Context(), "INBOX", 7, uids, "Done")
		if err == nil {
			for i, m := range moved {
				if m.UID != uids[i] || !m.Gone && m.FolderUID == 0 {
					t.Errorf("%s: %+v", what, m)
				}
			}
			break
		}
		pass(30 * time.Second)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil || len(k.mails) != 0 || len(k.filed) != len(uids) {
		t.Errorf("%s: %v; %d left, %d filed, want %d", what, err, len(k.mails), len(k.filed), len(uids))
	}
	seen := map[uint32]bool{}
	for _, m := range k.filed {
		if seen[m.uid] {
			t.Errorf("%s: mail %d was filed twice", what, m.uid)
		}
		seen[m.uid] = true
	}
}

// A connection that ends at any point of a move, by closing or by silence, once or several times in a row, costs no mail and
// doubles none.
func TestDropsOnMove(t *testing.T) {
	t.Parallel()
	ways := map[string]func(c *fakeConn){
		"closes":     func(c *fakeConn) { _ = c.Close() },
		"says BYE":   func(c *fakeConn) { _, _ = c.Write([]byte("\r\n* BYE bye\r\n")); _ = c.Close() },
		"falls deaf": func(c *fakeConn) { c.hang() },
	}
	for _, step := range steps {
		for way, leave := range ways {
			for _, times := range []int{1, 2, 3} {
				synctest.Test(t, func(t *testing.T) {
					k := newCabinet(t, 5)
					var left atomic.Int32
					left.Store(int32(times))
					k.drop = func(c *fakeConn, at string) bool {
						if at != step || left.Load() == 0 {
							return false
						}
						left.Add(-1)
						if at == "half" { // nobody may wait for a server that holds its lock
							_ = c.Close()
						} else {
							leave(c)
						}
						return true
					}
					cfg, _ := bubbled(k.fake)
					filer := NewFiler(cfg)
					k.file(t, filer, []uint32{1, 2, 3, 4, 5}, fmt.Sprintf("%s %s %d times", step, way, times))
					_ = filer.Close()
					k.close()
				})
			}
		}
	}
}

// Mixes of drops by chance, with mails that people move meanwhile and a connection that says things unasked.
func TestFilerStorms(t *testing.T) {
	t.Parallel()
	seeds := []uint64{rand.Uint64()}
	for seed := range uint64(20) {
		seeds = append(seeds, seed)
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				chance := newChance(seed)
				k := newCabinet(t, 12)
				var left atomic.Int32
				left.Store(12)
				k.drop = func(c *fakeConn, at string) bool {
					if left.Load() <= 0 || chance.IntN(4) > 0 {
						return false
					}
					left.Add(-1)
					if at != "half" && chance.IntN(3) == 0 {
						c.hang()
					}
					_ = c.Close()
					return true
				}
				k.hook = func(c *fakeConn, command string) bool {
					if left.Load() > 0 && chance.IntN(5) == 0 && command != "(greeting)" {
						left.Add(-1)
						switch chance.IntN(4) {
						case 0:
							c.say("* BYE going down")
							_ = c.Close()
							return true
						case 1:
							c.say("%s NO [INUSE] not now", c.tag)
							return true
						case 2:
							return c.hang()
						default:
							c.say("%s", unasked[chance.IntN(len(unasked))])
						}
					}
					return k.move(c, command)
				}
				var uids []uint32
				for uid := range uint32(12) {
					uids = append(uids, uid+1)
				}
				cfg, _ := bubbled(k.fake)
				filer := NewFiler(cfg)
				k.file(t, filer, uids, fmt.Sprint("seed ", seed))
				_ = filer.Close()
				k.close()
			})
		})
	}
}

func (k *cabinet) old() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.validity != 7
}

// A mailbox that is renumbered while mails are filed: nothing that has an old number is touched.
func TestRenumberedWhileFiling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newCabinet(t, 3)
		k.drop = func(c *fakeConn, at string) bool {
			if at != "before" || k.old() {
				return false
			}
			k.mu.Lock()
			k.validity = 8
			k.mu.Unlock()
			_ = c.Close()
			return true
		}
		cfg, _ := bubbled(k.fake)
		filer := NewFiler(cfg)
		_, err := filer.MoveAll(t.Context(), "INBOX", 7, []uint32{1, 2}, "Done")
		if err == nil || errors.Is(err, ErrRenumbered) {
			t.Errorf("the first time: %v", err)
		}
		if _, err = filer.MoveAll(t.Context(), "INBOX", 7, []uint32{1, 2}, "Done"); !errors.Is(err, ErrRenumbered) || len(k.filed) > 0 {
			t.Errorf("the second time: %v, %d filed", err, len(k.filed))
		}
		_ = filer.Close()
		k.close()
	})
}
