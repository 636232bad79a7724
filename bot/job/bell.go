package job

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// sqliteDriver is River's SQLite driver with a bell in the process instead of the polled notification table: a job is
// worked within milliseconds of its commit and an idle process reads nothing.
type sqliteDriver struct {
	*riversqlite.Driver
	bell *bell
}

func newSQLiteDriver(db *sql.DB) *sqliteDriver {
	return &sqliteDriver{Driver: riversqlite.New(db), bell: &bell{rung: make(chan string, 64)}}
}

func (d *sqliteDriver) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener {
	return d.bell
}

// SupportsListenNotify is false: nothing is written for listeners, the store rings after its commit.
func (d *sqliteDriver) SupportsListenNotify() bool { return false }

// bell is a riverdriver.Listener that hears ring.
type bell struct{ rung chan string }

// ring tells that queue has a new job. A full bell has been heard anyway: the poll behind it finds the rest.
func (b *bell) ring(queue string) {
	select {
	case b.rung <- queue:
	default:
	}
}

// WaitForNotification returns the next ring as the notification that River writes at an insert.
func (b *bell) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	select {
	case queue := <-b.rung:
		return &riverdriver.Notification{Topic: "river_insert", Payload: fmt.Sprintf(`{"queue": %q}`, queue)}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (b *bell) Close(context.Context) error            { return nil }
func (b *bell) Connect(context.Context) error          { return nil }
func (b *bell) Listen(context.Context, string) error   { return nil }
func (b *bell) Ping(context.Context) error             { return nil }
func (b *bell) Schema() string                         { return "" }
func (b *bell) SetAfterConnectExec(string)             {}
func (b *bell) Unlisten(context.Context, string) error { return nil }
