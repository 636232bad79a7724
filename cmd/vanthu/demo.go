package main

import (
	"fmt"

	"vanthu/cmd/vanthu/demo"
)

// demoCmd shows the whole procedure on this machine.
type demoCmd struct {
	Dir  string `help:"Folder for everything that the demo writes; a new one in the system's temporary folder when missing." placeholder:"FOLDER"`
	Stay bool   `help:"Keep the mail server and vanthu running until Ctrl-C, and print the logins."`
}

// exitBroken says that something was not as promised.
const exitBroken exit = 1

// Run plays the procedure from the first mail to the last.
func (c *demoCmd) Run(e *env) error {
	if err := demo.Run(e.ctx, demo.Options{Dir: c.Dir, Stay: c.Stay, Out: e.stdout, Child: reader}); err != nil {
		fmt.Fprintln(e.stderr, "vanthu:", err)
		return exitBroken
	}
	return nil
}
