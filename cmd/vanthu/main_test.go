package main

import (
	"os"
	"testing"
)

// TestMain lets the test program be its own child: the demo reads attachments in one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "reader" {
		main()
		return
	}
	os.Exit(m.Run())
}
