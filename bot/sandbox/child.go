package sandbox

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// A child is one process with its two streams.
type child struct {
	cmd  *exec.Cmd
	to   *os.File
	from *os.File
	wire *wire
	jobs int

	end func() error // reaps the process, once
}

// beginning is how long a child may take to begin.
const beginning = 30 * time.Second

// start starts a process. It inherits nothing but its streams: no environment, which may hold a secret, and no standard
// error, on which a dying reader could print what it read.
func start(cmd *exec.Cmd, h hello) (*child, error) {
	inR, inW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, inR.Close(), inW.Close())
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = inR, outW, nil
	cmd.Env, cmd.Dir = []string{}, os.TempDir()
	apart(cmd)
	err = cmd.Start()
	if err = errors.Join(err, inR.Close(), outW.Close()); err != nil {
		return nil, errors.Join(err, inW.Close(), outR.Close())
	}
	c := &child{cmd: cmd, to: inW, from: outR, wire: newWire(outR, inW)}
	c.end = sync.OnceValue(c.wait)
	var answer greeting
	_, err = c.do(h, nil, &answer, beginning)
	if err == nil && answer.PID != cmd.Process.Pid {
		err = errors.New("sandbox: the program does not answer as a child")
	}
	if err != nil {
		return nil, errors.Join(err, c.bury())
	}
	c.jobs = 0
	return c, nil
}

// do sends a job and waits for its result, up to limit by the clock.
func (c *child) do(job any, data [][]byte, result any, limit time.Duration) ([][]byte, error) {
	c.jobs++
	deadline := time.Now().Add(limit) //nolint:forbidigo // of a pipe: the kernel's clock, not the desk's
	if err := errors.Join(c.to.SetWriteDeadline(deadline), c.from.SetReadDeadline(deadline)); err != nil {
		return nil, err
	}
	if err := c.wire.send(job, data); err != nil {
		return nil, err
	}
	return c.wire.receive(result)
}

func (c *child) kill() { _ = c.cmd.Process.Kill() } // it may be gone already

// bury ends a child that is not to be used any more.
func (c *child) bury() error {
	c.kill()
	return c.end()
}

func (c *child) wait() error {
	err := errors.Join(c.to.Close(), c.from.Close())
	var exit *exec.ExitError
	if waited := c.cmd.Wait(); !errors.As(waited, &exit) { // how it ended says cause
		err = errors.Join(err, waited)
	}
	return err
}

// cause reaps a child over which a job failed with err, and says why.
func (c *child) cause(err error) Cause {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		_ = c.bury()
		return Slow
	}
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		c.kill() // it lives and talks nonsense, or its pipe is broken because it dies
	}
	_ = c.end()
	switch c.cmd.ProcessState.ExitCode() {
	case exitHungry:
		return Hungry
	case exitSlow:
		return Slow
	}
	return Crashed
}
