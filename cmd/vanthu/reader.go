package main

import (
	"os"
	"os/exec"

	"vanthu/bot/app"
)

// readerCmd is what serve and demo start: a process that reads attachments and may die of them.
type readerCmd struct{}

// Run reads jobs from standard input until it ends.
func (*readerCmd) Run(e *env) error { return app.ServeForeign(os.Stdin, e.stdout) }

// reader makes such a process of this very program, also when a newer one lies in its place by now.
func reader() *exec.Cmd {
	self := "/proc/self/exe"
	if _, err := os.Stat(self); err != nil {
		if self, err = os.Executable(); err != nil {
			self = os.Args[0]
		}
	}
	return exec.Command(self, "reader") //nolint:noctx // it ends with its input
}
