// Package demo plays the whole procedure on one machine: a mail system on loopback, the very code of `vanthu serve` on a
// configuration of its own, two units that write real mails with real attachments, and two officers. It judges what it
// sees from outside, by mailbox, directory and files, and fails when anything is not as promised.
//
// It must not do anything that serve and the officers' commands do not: no shortcut into the store, no mail that did not
// go over the wire.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"vanthu/bot/app"
	"vanthu/bot/config"
	"vanthu/bot/store"
	"vanthu/mailer/local"
)

// Options say where the demo writes and whether it goes on afterwards.
type Options struct {
	Dir  string // "": a new folder in the system's temporary folder; a folder that holds anything is refused
	Stay bool   // keep the servers running until ctx ends
	Out  io.Writer

	Child func() *exec.Cmd // see app.Hooks
}

// patience bounds the whole play; it takes a few seconds.
const patience = time.Minute

// Run plays the procedure. The error says everything that was not as promised.
func Run(ctx context.Context, o Options) (err error) {
	d := &demo{story: newStory(o.Out, time.Now), commits: newBell(), child: o.Child}
	if d.folder, err = prepare(o.Dir); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	d.story.opening(d.folder)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer func() {
		if closeErr := d.close(); closeErr != nil && err == nil {
			err = fmt.Errorf("demo: vanthu did not stop well: %w", closeErr)
		}
	}()
	if err := d.open(ctx, cancel); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if err := d.play(ctx); err != nil {
		return errors.Join(fmt.Errorf("demo: %w (look into %s)", err, d.folder), d.export())
	}
	if err := d.judge(ctx); err != nil {
		return fmt.Errorf("demo: not everything is as promised; look into %s\n%w", d.folder, err)
	}
	d.tellFolder()
	if o.Stay {
		d.tellLogins()
		<-ctx.Done()
		if cause := context.Cause(ctx); errors.Is(cause, errStopped) {
			return fmt.Errorf("demo: %w", cause)
		}
	}
	return nil
}

// A demo is the play and its stage.
type demo struct {
	folder  string // absolute
	story   *story
	commits *bell // rings at every commit of the store
	child   func() *exec.Cmd

	mail   *local.Server
	log    *os.File
	config *config.Config
	server *app.Server
	ended  chan error // what Server.Run returned
	stop   context.CancelFunc

	people []*person // everybody with a mailbox
	ctsv   *person
	dtsdh  *person
	// What the play has seen, to be judged at the end.
	requests []*request
	sent     []mailSent
	accounts []opened
	approved time.Time // when the plan was
}

// play is the procedure from the first mail to the last.
func (d *demo) play(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, act := range []func(context.Context) error{d.unitWantsForm, d.unitsAsk, d.othersWrite, d.unitCorrects, d.officersDecide, d.accountsArrive, d.unitsConfirm, d.allFiled} {
		if err := act(ctx); err != nil {
			if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
				err = fmt.Errorf("%w: %w", err, cause)
			}
			return err
		}
	}
	return nil
}

// errStopped says that the server ended although nobody stopped it.
var errStopped = errors.New("vanthu stopped by itself; see serve.log")

// errLooked rolls back a transaction that only looked.
var errLooked = errors.New("demo: looked")

// until waits until the store says yes. The bell rings just before a commit, so the look takes its turn on the writing
// connection, behind that commit; it writes nothing.
func (d *demo) until(ctx context.Context, what string, yes func(tx *store.Tx) (bool, error)) error {
	for {
		rung := d.commits.next()
		done := false
		err := d.server.DB.Write(ctx, func(tx *store.Tx) (err error) {
			if done, err = yes(tx); err != nil {
				return err
			}
			return errLooked
		})
		if !errors.Is(err, errLooked) {
			return fmt.Errorf("waiting until %s: %w", what, err)
		}
		if done {
			return nil
		}
		select {
		case <-rung:
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w", what, ctx.Err())
		}
	}
}

// read looks into the store.
func (d *demo) read(ctx context.Context, f func(tx *store.Tx) error) error {
	return d.server.DB.Read(ctx, f)
}

// prepare makes the folder, or takes an empty one.
func prepare(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "vanthu-demo-")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	there, err := os.ReadDir(dir)
	if err == nil && len(there) > 0 {
		err = fmt.Errorf("%s is not empty; name a new folder", dir)
	}
	return dir, err
}
