package xmlscan

import (
	"io"
	"sync"

	"vanthu/parser"
)

// The buffers that lie between the two sides of Ahead.
const (
	aheadBuffers = 4
	aheadSize    = 128 << 10
)

// An ahead is a reader whose source is read in a goroutine of its own.
type ahead struct {
	full chan filled
	free chan []byte
	quit chan struct{}
	done sync.WaitGroup
	once sync.Once
	now  filled
	left []byte // of now, not yet handed out
}

type filled struct {
	buf []byte
	err error // after buf
}

// Ahead returns a reader of r whose bytes are read (unpacked, for a zip's part) in a goroutine while the caller works on
// those before. Close ends the goroutine, wherever the reader stands, and waits for it; it does not close r. What r reads
// from must not be touched in between.
func Ahead(r io.Reader) io.ReadCloser {
	a := &ahead{full: make(chan filled, aheadBuffers), free: make(chan []byte, aheadBuffers), quit: make(chan struct{})}
	for range aheadBuffers {
		a.free <- nil // made when it is needed: a short part needs one
	}
	a.done.Go(func() {
		defer close(a.full)
		for {
			var buf []byte
			select {
			case <-a.quit:
				return
			case buf = <-a.free:
			}
			if buf == nil {
				buf = make([]byte, aheadSize)
			}
			n, err := fill(r, buf)
			select {
			case <-a.quit:
				return
			case a.full <- filled{buf[:n], err}:
			}
			if err != nil {
				return
			}
		}
	})
	return a
}

// fill reads until buf is full. A panic of r becomes an error: here nobody above could catch it.
func fill(r io.Reader, buf []byte) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = parser.Damage("reading: %v", p)
		}
	}()
	for idle := 0; n < len(buf) && err == nil; {
		var k int
		k, err = r.Read(buf[n:])
		n += k
		if idle++; k > 0 {
			idle = 0
		} else if idle == 100 && err == nil {
			err = io.ErrNoProgress
		}
	}
	return n, err
}

func (a *ahead) Read(p []byte) (int, error) {
	for len(a.left) == 0 {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.now.buf != nil {
			a.free <- a.now.buf[:cap(a.now.buf)] // never blocks: there are not more of them than its places
		}
		now, ok := <-a.full
		if !ok {
			now.err = io.ErrClosedPipe
		}
		a.now, a.left = now, now.buf
	}
	n := copy(p, a.left)
	a.left = a.left[n:]
	return n, nil
}

func (a *ahead) Close() error {
	a.once.Do(func() { close(a.quit) })
	a.done.Wait()
	return nil
}
