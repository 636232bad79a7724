package offline

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"vanthu/bot/store"
)

// The names of the columns that are known, small letters, spaces around taken off. Google and Microsoft publish the columns of
// what is uploaded, not those of the results: what their consoles have been seen to write stands here beside our own form.
var columns = map[string][]string{
	"address": {"address", "email address [required]", "email address", "email", "mail", "user name [userprincipalname] required", "user name [userprincipalname]",
		"userprincipalname", "user principal name", "user name", "user email"},
	"status":  {"status", "result", "operation status", "trạng thái"},
	"message": {"message", "error", "errors", "error message", "errormessage", "error reason", "failure reason", "failurereason", "reason", "failed reason", "details", "lý do"},
	"marker":  {strings.ToLower(googleMarker), strings.ToLower(entraMarker), "marker"},
	"bundle":  {"bundle", "gói"},
	"secret":  {"password [required]", "initial password [passwordprofile] required", "new password"},
	"access":  {"status [read only]", "accountenabled", "account enabled", "account status"},
}

// What a column of statuses may hold. Some words are said of one act alone: who is "Suspended" in a list is not erased, and whom an upload has
// "updated" it has not made.
var (
	madeWords = map[string][]store.BundleAct{"done": nil, "ok": nil, "success": nil, "succeeded": nil, "successful": nil, "completed": nil, "xong": nil, "thành công": nil,
		"created": {store.ActCreate}, "added": {store.ActCreate}, "đã tạo": {store.ActCreate},
		"updated": {store.ActReset, store.ActSuspend, store.ActRestore}, "đã đổi": {store.ActReset, store.ActSuspend, store.ActRestore},
		"suspended": {store.ActSuspend}, "đã khóa": {store.ActSuspend}, "đã khoá": {store.ActSuspend},
		"restored": {store.ActRestore}, "đã mở": {store.ActRestore},
		"deleted": {store.ActErase}, "đã xóa": {store.ActErase}, "đã xoá": {store.ActErase}}
	refusedWords = []string{"failed", "failure", "fail", "error", "not created", "lỗi", "thất bại", "không tạo được", "không làm được"}
	takenWords   = []string{"taken", "đã có người dùng", "của người khác"}
	openWords    = []string{"active", "true", "yes", "enabled"}
	stoppedWords = []string{"suspended", "false", "no", "disabled", "blocked"}
)

// header returns where the known columns stand; ok: there is one of addresses.
func header(record []string) (at map[string]int, ok bool) {
	at = make(map[string]int)
	for what, names := range columns {
		for _, name := range names { // the first that is known counts
			if i := indexFold(record, name); i >= 0 {
				at[what] = i
				break
			}
		}
	}
	_, ok = at["address"]
	return at, ok
}

func indexFold(record []string, name string) int {
	for i, cell := range record {
		if strings.ToLower(strings.TrimSpace(cell)) == name {
			return i
		}
	}
	return -1
}

// separator is what parts the columns of the header: Excel writes ";" where the comma is the decimal sign.
func separator(line string) rune {
	best, most := ',', 0
	for _, sep := range []rune{',', ';', '\t'} {
		if n := strings.Count(line, string(sep)); n > most {
			best, most = sep, n
		}
	}
	return best
}

// headLine is the first line that is no version row of Entra and not empty, and how many lines stand before it.
func headLine(text string) (line, rest string, before int) {
	for rest = text; rest != ""; before++ {
		line, rest, _ = strings.Cut(rest, "\n")
		if trimmed := strings.Trim(line, " \t\r,;\""); trimmed != "" && !strings.HasPrefix(strings.ToLower(trimmed), "version:v") {
			return line, line + "\n" + rest, before
		}
	}
	return "", "", before
}

func isCSV(text string) bool {
	line, _, _ := headLine(text)
	r := csv.NewReader(strings.NewReader(line))
	r.Comma, r.LazyQuotes = separator(line), true
	record, err := r.Read()
	if err != nil {
		return false
	}
	_, ok := header(record)
	return ok
}

// handedOver is said of a file that says what is wanted: as a list of what is there it would settle every row, with our markers.
const handedOver = "shows a password: this is what was handed over, not what came of it; send the result or the list that the instructions name"

func readCSV(text string) (read Results, err error) {
	line, rest, before := headLine(text)
	r := csv.NewReader(strings.NewReader(rest))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = separator(line), -1, true
	record, err := r.Read()
	if err != nil {
		return Results{}, csvError(err, before)
	}
	at, _ := header(record)
	_, hasStatus := at["status"]
	_, hasMessage := at["message"]
	_, hasMarker := at["marker"]
	_, hasAccess := at["access"]
	if !hasStatus && !hasMessage && !hasMarker && !hasAccess {
		return Results{}, lineError(before+1, "no column says what came of an account: one of status, message, %q or %q is needed", googleMarker, entraMarker)
	}
	read.Listing, read.Marks = !hasStatus && !hasMessage, hasMarker
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return read, nil
		}
		if err != nil {
			return Results{}, csvError(err, before)
		}
		n, _ := r.FieldPos(0)
		n += before
		if len(read.Results) >= maxRows {
			return Results{}, lineError(n, "more than %d results; send the part of this bundle alone", maxRows)
		}
		cell := func(what string) string {
			if i, ok := at[what]; ok && i < len(record) {
				return strings.TrimSpace(record[i])
			}
			return ""
		}
		address := strings.ToLower(strings.Clone(cell("address")))
		if address == "" || strings.HasPrefix(address, "example:") || address == "chris@contoso.com" { // the template's example
			continue
		}
		if read.Listing && strings.Trim(cell("secret"), "*") != "" { // what a platform lists has none, or "****"
			return Results{}, lineError(n, handedOver)
		}
		result := Result{Line: n, Address: address, Marker: strings.Clone(cell("marker")), Bundle: strings.ToUpper(strings.Clone(cell("bundle"))), Said: said(cell("message"))}
		switch access := strings.ToLower(cell("access")); {
		case oneOf(access, openWords):
			result.Access = AccessOpen
		case oneOf(access, stoppedWords):
			result.Access = AccessStopped
		}
		result.ByHand = result.Bundle != "" && hasStatus
		acts, made := madeWords[strings.ToLower(cell("status"))]
		switch status := strings.ToLower(cell("status")); {
		case read.Listing:
			result.Status = Shown
		case made:
			result.Status, result.Acts = Made, acts
		case oneOf(status, refusedWords), status == "" && result.Said != "":
			result.Status = Refused
			if exists(result.Said) && !result.ByHand {
				result.Status = Exists
			}
			result.Gone = missing(result.Said)
		case oneOf(status, takenWords): // whatever his reason is: the address is not to be tried again
			result.Status, result.Said = Refused, strings.TrimSuffix(anothers+": "+result.Said, ": ")
		case status == "":
			continue // nothing is said of it: it waits
		default:
			return Results{}, lineError(n, "the status is none that is known; write done, failed or taken")
		}
		read.Results = append(read.Results, result)
	}
}

func oneOf(word string, words []string) bool {
	for _, w := range words {
		if word == w {
			return true
		}
	}
	return false
}

func csvError(err error, before int) error {
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		return lineError(parse.Line+before, "cannot be read as CSV: %v; save the file as CSV in UTF-8 again", parse.Err)
	}
	return lineError(before+1, "cannot be read as CSV; save the file as CSV in UTF-8 again")
}
