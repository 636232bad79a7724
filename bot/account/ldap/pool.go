package ldap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

// A pool lends connections that are signed in, each to one operation at a time: so that an operation can be ended by closing
// its connection, which is the only way that go-ldap leaves (its calls take no context).
type pool struct {
	dial  func(context.Context) (*conn, error)
	slots chan struct{} // one token a connection in use

	mu     sync.Mutex
	idle   []*conn
	closed bool
	ended  chan struct{} // closed by close, which ends what runs
}

type conn struct {
	*goldap.Conn
	wire net.Conn // below TLS
}

// hangUp ends the connection without waiting for the peer.
func (c *conn) hangUp() {
	_ = c.wire.Close() // first: goldap.Conn.Close waits for a writer that may be stuck
	_ = c.Close()
}

var errClosed = errors.New("the directory was closed")

func newPool(size int, dial func(context.Context) (*conn, error)) *pool {
	return &pool{dial: dial, slots: make(chan struct{}, size), ended: make(chan struct{})}
}

// do runs op on a connection and ends it when ctx ends or the pool closes.
func (p *pool) do(ctx context.Context, op func(*goldap.Conn) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-p.ended:
			cancel(errClosed)
		case <-ctx.Done():
		}
	}()

	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	c, err := p.take(ctx)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.wire.Close() })
	err = op(c.Conn)
	if !stop() {
		c.hangUp()
		if err != nil {
			return context.Cause(ctx) // what op says is "closed", not why
		}
		return nil
	}
	if goldap.IsErrorWithCode(err, goldap.ErrorNetwork) || c.IsClosing() {
		c.hangUp()
		return err
	}
	p.give(c)
	return err
}

// take returns a kept connection that still lives, or a new one.
func (p *pool) take(ctx context.Context) (*conn, error) {
	for {
		c := p.pop()
		if c == nil {
			return p.dial(ctx)
		}
		if !c.IsClosing() { // the server may have ended it: idle timeout, restart
			return c, nil
		}
		c.hangUp()
	}
}

func (p *pool) pop() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 {
		return nil
	}
	c := p.idle[len(p.idle)-1] // the one used last: the others may grow old and go
	p.idle = p.idle[:len(p.idle)-1]
	return c
}

func (p *pool) give(c *conn) {
	p.mu.Lock()
	keep := !p.closed
	if keep {
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	if !keep {
		c.hangUp()
	}
}

func (p *pool) close() {
	p.mu.Lock()
	if !p.closed {
		close(p.ended)
	}
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, c := range idle {
		c.hangUp()
	}
}

// dial connects, secures and signs in. The certificate is always checked.
func (d *Directory) dial(ctx context.Context) (*conn, error) {
	wire, err := (&net.Dialer{}).DialContext(ctx, "tcp", d.address)
	if ctx.Err() != nil && err != nil {
		return nil, fmt.Errorf("connect: %w", context.Cause(ctx))
	}
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if d.tls == nil && !isLoopback(wire.RemoteAddr()) { // "localhost" may be anything in the end
		_ = wire.Close()
		return nil, fmt.Errorf("connect: %s is no loopback address and TLS is off", wire.RemoteAddr())
	}
	stop := context.AfterFunc(ctx, func() { _ = wire.Close() })
	c, err := d.signIn(ctx, wire)
	stop()
	if ctx.Err() != nil && err != nil {
		return nil, fmt.Errorf("connect: %w", context.Cause(ctx))
	}
	return c, err
}

func (d *Directory) signIn(ctx context.Context, wire net.Conn) (*conn, error) {
	secured := wire
	if d.tls != nil && !d.cfg.StartTLS {
		t := tls.Client(wire, d.tls)
		if err := t.HandshakeContext(ctx); err != nil {
			_ = wire.Close()
			return nil, fmt.Errorf("TLS: %w", err)
		}
		secured = t
	}
	c := &conn{Conn: goldap.NewConn(secured, secured != wire), wire: wire}
	c.SetTimeout(max(d.cfg.Timeout, time.Second)) // the context ends every operation; this bounds go-ldap's own waits
	c.Start()
	if d.cfg.StartTLS {
		if err := c.StartTLS(d.tls); err != nil {
			c.hangUp()
			return nil, fmt.Errorf("StartTLS: %w", err)
		}
	}
	if err := c.Bind(d.cfg.BindDN, d.cfg.Password); err != nil {
		c.hangUp()
		return nil, &signInError{err}
	}
	return c, nil
}

// A signInError is temporary, whatever the code: no row is at fault when our own password is wrong.
type signInError struct{ err error }

func (e *signInError) Error() string { return "sign in: " + e.err.Error() }

// signInCause is what the server said.
func signInCause(err error) error {
	if e, ok := errors.AsType[*signInError](err); ok {
		return e.err
	}
	return err
}

func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// do is the pool's do under the deadline of one operation.
func (d *Directory) do(ctx context.Context, op func(*goldap.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancel()
	return d.pool.do(ctx, op)
}
