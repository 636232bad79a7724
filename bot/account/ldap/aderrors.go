package ldap

import (
	"fmt"
	"regexp"

	goldap "github.com/go-ldap/ldap/v3"

	"vanthu/bot/account"
)

// adWords are what Active Directory says in the text of an answer: it begins with a Windows error (MS-ERREF §2.2), which tells more
// than the result code. Those that are not here are told by the result code.
var adWords = map[string]struct {
	kind error
	said string
}{
	"0000052D": {account.ErrPermanent, "the password policy of the domain refuses the password"},                                            // ERROR_PASSWORD_RESTRICTION
	"0000001F": {account.ErrPermanent, "the server did not take the password: is the connection encrypted with 128 bits?"},                  // ERROR_GEN_FAILURE
	"00000524": {account.ErrExists, "the user name is taken"},                                                                               // ERROR_USER_EXISTS
	"00002071": {account.ErrExists, "the name of the entry or the user name is taken"},                                                      // ERROR_DS_OBJ_STRING_NAME_EXISTS
	"000021C8": {account.ErrExists, "userPrincipalName is taken in the forest"},                                                             // ERROR_DS_UPN_VALUE_NOT_UNIQUE_IN_FOREST
	"00002082": {account.ErrPermanent, "a value is longer than the schema allows"},                                                          // ERROR_DS_RANGE_CONSTRAINT
	"0000200B": {account.ErrPermanent, "a value has not the form, or is longer, than the schema allows"},                                    // ERROR_DS_INVALID_ATTRIBUTE_SYNTAX
	"00002081": {account.ErrPermanent, "an attribute that has one value would have two"},                                                    // ERROR_DS_SINGLE_VALUE_CONSTRAINT
	"00002077": {account.ErrPermanent, "the change is not permitted"},                                                                       // ERROR_DS_ILLEGAL_MOD_OPERATION
	"0000216D": {account.ErrPermanent, "the bind account has made as many accounts as it may: give it the right to make users in the base"}, // ERROR_DS_MACHINE_ACCOUNT_QUOTA_EXCEEDED
}

// adRights says where to look.
const adRights = "making and deleting users below the base, and full control of those users (docs/operations.md, Active Directory)"

var adCode = regexp.MustCompile(`^([0-9A-Fa-f]{8}):`)

// adExplain returns nil for an answer that the result code explains well enough.
func adExplain(answer *goldap.Error, text string) error {
	if answer.ResultCode == goldap.LDAPResultInsufficientAccessRights {
		return fmt.Errorf("%w: ldap: the bind account lacks a right there: %s: %s", account.ErrPermanent, adRights, text)
	}
	if answer.Err == nil {
		return nil
	}
	code := adCode.FindStringSubmatch(answer.Err.Error())
	if code == nil {
		return nil
	}
	word, ok := adWords[code[1]]
	if !ok {
		return nil
	}
	return fmt.Errorf("%w: ldap: %s: %s", word.kind, word.said, text)
}
