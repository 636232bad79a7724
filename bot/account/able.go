package account

import "context"

// What a Platform may be able to do beside; each ability is an interface of its own. Implementations are safe for concurrent use and
// repeat harmlessly. Grouper is in group.go.

// An Undeleter brings an erased account back, suspended or not as it was, with the password of before. ErrGone when it is there
// no more, ErrOther when the one that is kept is not the one that is named.
type Undeleter interface {
	Undelete(ctx context.Context, a Account) error
}

// A Finisher has something to do for an account once it is seen: a licence, a mailbox. A row is created only after it. While the
// platform does not know the account yet, the error is temporary.
type Finisher interface {
	Finish(ctx context.Context, a Account) error
}

// A Passer invents the first credential itself (a temporary access pass): it replaces the initial password. A later pass
// takes the earlier one's place.
type Passer interface {
	Pass(ctx context.Context, a Account) (string, error)
}

// A Lister goes through every account that it has, suspended and deleted ones too, in whatever order, until f says an error, which
// it returns.
type Lister interface {
	List(ctx context.Context, f func(Account) error) error
}

// A Checker looks, before anything is done, whether what its configuration names is there: the server, our sign-in, the place for
// accounts. ErrAway when that cannot be seen now; every other error is for a person to put right.
type Checker interface {
	Check(ctx context.Context) error
}

// An Opener can try a password as its holder would. It is asked of the throw-away account of a trial alone, never of a person's.
type Opener interface {
	Opens(ctx context.Context, a Account, password string) (bool, error)
}

// A Sharer keeps a quota that several processes of ours share. It is told after each look how many live, this one among them, and whether
// it has just joined the others.
type Sharer interface {
	Share(of int, joins bool)
}

// A Preflighter looks whether accounts could be made, before a plan is approved: n of them. It changes nothing. Nothing
// that it says names a person or holds a secret.
type Preflighter interface {
	Preflight(ctx context.Context, n int) []Check
}

// A Check is one thing that was looked at.
type Check struct {
	What  string `json:"what"` // "connection", "rights", "quota", "licences", "domain", "org_unit", "clock", "look" …
	Level Level  `json:"level"`
	Said  string `json:"said"` // what was seen, and when it is not well, what to do
}

// Level is how a check came out.
type Level string

// The levels.
const (
	CheckOK      Level = "ok"
	CheckWarning Level = "warning" // it may go wrong, or cannot be seen from here
	CheckFailed  Level = "failed"  // it would go wrong
)
