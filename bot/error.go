package bot

import (
	"errors"
	"fmt"
)

// Code sorts errors by what the receiver can do about them.
type Code string

// The codes of Error.
const (
	Invalid   Code = "invalid"
	Conflict  Code = "conflict"
	NotFound  Code = "not_found"
	Forbidden Code = "forbidden"
	Temporary Code = "temporary"
	Internal  Code = "internal"
)

// An Error has a message for people. Every other error is internal: logged with an id, the id shown.
type Error struct {
	Code    Code
	Message string
	Err     error // cause, may be nil; already told in Message
}

func (e *Error) Error() string { return e.Message }

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error; a %w in the format becomes its cause too.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Err: errors.Unwrap(err)}
}

// ErrorCode returns the code of the first Error in err's chain, Internal for every other error, "" for nil.
func ErrorCode(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}
