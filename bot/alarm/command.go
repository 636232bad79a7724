package alarm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"time"
)

// Command runs a program of the administrator's with the message as JSON on its standard input. It took the message when it
// ends with 0.
type Command struct {
	Args    []string
	Timeout time.Duration // 0: half a minute
}

// Name is the channel's word in alarms.
func (c Command) Name() string { return "command" }

// Send runs the program. What it prints is not looked at.
func (c Command) Send(ctx context.Context, m Message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("alarm: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, orElse(c.Timeout, 30*time.Second))
	defer cancel()
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...) // #nosec G204 -- the administrator's own command
	cmd.Stdin = bytes.NewReader(body)
	cmd.WaitDelay = 2 * time.Second // a child of it that keeps the pipe
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the command failed: %w", err)
	}
	return nil
}

func orElse(d, other time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return other
}
