package bot

import (
	"crypto/rand"
	"strings"
)

// TokenLength is the length of a token: 80 bits in base32, which no mail program breaks and no reader takes for a word.
const TokenLength = 16

// ConfirmTag stands before the token in the subject of a request for confirmation: "[XN-…]".
const ConfirmTag = "XN-"

// ApprovalTag stands before the token in the subject of a letter that asks for the approval of a plan: "[DUYET-…]".
const ApprovalTag = "DUYET-"

// NewToken returns a random token, in lower case because some programs write addresses so.
func NewToken() string { return strings.ToLower(rand.Text()[:TokenLength]) }
