package audit

import (
	"bytes"
	"regexp"

	"vanthu/bot"
)

// What `vanthu audit verify` printed, as text or as JSON, one or many of them in a file, or the hash alone.
var (
	headLine = regexp.MustCompile(`(?m)^\W*head\s+\d+\s+.{0,60}?\s([0-9a-f]{64})\s*$|"head":\s*\{[^{}]{0,200}?"hash":\s*"([0-9a-f]{64})"`)
	bareHash = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// mostHeads bounds a file of heads: one a day for a century.
const mostHeads = 40_000

// Heads reads heads that were kept outside.
func Heads(data []byte) ([]string, error) {
	if hash := bytes.TrimSpace(data); bareHash.Match(hash) {
		return []string{string(hash)}, nil
	}
	var heads []string
	for _, m := range headLine.FindAllSubmatch(data, mostHeads+1) {
		heads = append(heads, string(m[1])+string(m[2]))
	}
	if len(heads) == 0 {
		return nil, bot.Errorf(bot.Invalid, "no head in it: keep the line that begins with \"head\", or the hash of 64 digits alone")
	}
	if len(heads) > mostHeads {
		return nil, bot.Errorf(bot.Invalid, "more than %d heads in it", mostHeads)
	}
	return heads, nil
}
