package app

import (
	"testing"

	"vanthu/bot/config"
)

// Where another admin makes the accounts nobody says that a name is taken: plans do not try a refused one again.
func TestNamesOfABlindPlatform(t *testing.T) {
	t.Parallel()
	for platform, want := range map[string]bool{"offline": true, "ldap": false, "google": false} {
		var cfg config.Config
		cfg.Accounts.Platform = platform
		if got := namesOf(&cfg).naming().Blind; got != want {
			t.Errorf("%s is blind: %v", platform, got)
		}
	}
}
