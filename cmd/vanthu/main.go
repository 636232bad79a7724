// Command vanthu is a clerk that works by mail: it reads the requests that units send, judges them, takes each case
// through QT.CNTT.03 and answers. See README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands is what the command line can say; each command stands in a file of its own.
type commands struct {
	Demo      demoCmd      `cmd:"" help:"Show the whole procedure on this machine: no configuration, nothing outside loopback. Exit code 1: something was not as promised."`
	Init      initCmd      `cmd:"" help:"Write a commented configuration."`
	Serve     serveCmd     `cmd:"" help:"Watch the mailbox and answer."`
	Check     checkCmd     `cmd:"" help:"Read a mail, list or letter offline and say what was understood. Exit code 1: something rejects; 2: something cannot be read."`
	Form      formCmd      `cmd:"" help:"Write the blank form BM-CNTT31: the letter and its list."`
	Calendar  calendarCmd  `cmd:"" help:"Print the days off of a year."`
	Procedure procedureCmd `cmd:"" help:"Print edition 01 of QT.CNTT.03, to begin a later edition with, or the editions of a configuration."`
	Case      caseCmd      `cmd:"" help:"Officers: cases."`
	Due       dueCmd       `cmd:"" help:"Officers: what is due, whose it is, the most urgent first."`
	Class     classCmd     `cmd:"" help:"Officers: the directory of classes."`
	Mail      mailCmd      `cmd:"" help:"Officers: the journal of mails."`
	Plan      planCmd      `cmd:"" help:"Officers: plans."`
	Preflight preflightCmd `cmd:"" help:"Look whether accounts could be made: rights, room, licences, domain, clock. Exit code 1: they could not."`
	Hold      holdCmd      `cmd:"" help:"Officers: people whose account must stay, whatever a list says (step 7)."`
	Account   accountCmd   `cmd:"" help:"Officers: the register of accounts."`
	Username  usernameCmd  `cmd:"" help:"Officers: how somebody comes to his user name, who has it, which is free. Exit code 1: he gets none."`
	Outbox    outboxCmd    `cmd:"" help:"Officers: answers that wait, failed, bounced or may have been sent."`
	Bundle    bundleCmd    `cmd:"" help:"Officers: accounts that the admin of another platform makes from files (platform = offline)."`
	OAuth     oauthCmd     `cmd:"" name:"oauth" help:"Log in to Gmail or Microsoft 365 instead of a password."`

	Report reportCmd `cmd:"" help:"All cases of a period by unit: steps on time, late, overdue."`
	Audit  auditCmd  `cmd:"" help:"Prove the history."`

	Retention retentionCmd `cmd:"" help:"Officers: destroy what need not be kept any more, by approved lists alone."`

	Store storeCmd `cmd:"" help:"Administrators: the database as a whole."`

	Status statusCmd `cmd:"" help:"Say how vanthu is: connections, queues, canary, alarms. Exit code 1: an alarm stands, or nobody serves."`
	Alarm  alarmCmd  `cmd:"" help:"Alarms: try the webhook and the command."`

	Reader readerCmd `cmd:"" hidden:""`
}

// env is what a command may touch of the process.
type env struct {
	ctx    context.Context // ends at SIGINT and SIGTERM
	stdout io.Writer
	stderr io.Writer
}

// exit is an error that only carries an exit code: everything has been said already.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process, for tests.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	parser, err := kong.New(&commands{}, kong.Name("vanthu"), kong.Writers(stdout, stderr), kong.UsageOnError(),
		kong.Description("A clerk that works by mail: reads requests for accounts, judges them, answers."))
	if err != nil {
		fmt.Fprintln(stderr, "vanthu:", err)
		return 70
	}
	command, err := parser.Parse(args)
	if err == nil {
		err = command.Run(&env{ctx: ctx, stdout: stdout, stderr: stderr})
	}
	if code, ok := errors.AsType[exit](err); ok {
		return int(code)
	}
	if err != nil {
		fmt.Fprintln(stderr, "vanthu:", err)
		return 64
	}
	return 0
}
