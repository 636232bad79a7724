// Package secret makes, seals and forgets initial passwords (FR-30 to FR-34). The sealing key lies outside the database
// (age, X25519), so that a copy of the database opens nothing.
//
// It must not know where sealed bytes are kept (bot/store) nor whom they are for.
package secret
