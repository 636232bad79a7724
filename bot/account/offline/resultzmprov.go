package offline

import (
	"errors"
	"strings"
)

// readZmprov reads what `zmprov -f FILE > RESULT 2>&1` printed of a bundle: after the commands for each account stands a "ga", which shows the account
// with its marker, or says that there is none (ProvUtil of zm-mailbox: "# name ADDRESS", "attribute: value",
// "ERROR: account.NO_SUCH_ACCOUNT (no such account: ADDRESS)"). The prompt stands before some lines.
func readZmprov(text string) (results []Result, err error) {
	var last string   // the last error that names no account that is missing
	var shown *Result // of the "# name" line that we are below
	end := func() {
		if shown != nil {
			results = append(results, *shown)
			shown = nil
		}
	}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		for strings.HasPrefix(line, "prov>") {
			line = strings.TrimSpace(line[len("prov>"):])
		}
		if len(results) > maxRows {
			return nil, lineError(i+1, "more than %d results; send the part of this bundle alone", maxRows)
		}
		if address, ok := strings.CutPrefix(line, "# name "); ok {
			end()
			shown = &Result{Line: i + 1, Address: strings.ToLower(strings.TrimSpace(address)), Status: Shown, Said: last}
			last = ""
			continue
		}
		if word, ok := strings.CutPrefix(line, "ERROR: "); ok {
			end()
			address, missing := between(word, "account.NO_SUCH_ACCOUNT (no such account: ", ")")
			if !missing {
				last = said(word)
				continue
			}
			r := Result{Line: i + 1, Address: strings.ToLower(address), Status: Refused, Said: last, Gone: true}
			if last == "" {
				r.Said = said(word)
			}
			results, last = append(results, r), ""
			continue
		}
		if shown == nil {
			continue
		}
		switch name, value, _ := strings.Cut(line, ": "); name {
		case zimbraMarker:
			shown.Marker = strings.TrimSpace(value)
		case zimbraPassword:
			shown.Password = generalized(value)
		case zimbraStatus:
			shown.Access = map[string]Access{"active": AccessOpen, "locked": AccessStopped, "closed": AccessStopped}[strings.TrimSpace(value)]
		}
	}
	end()
	if len(results) == 0 {
		return nil, errors.New("offline: zmprov shows no account in it; send what `zmprov -f FILE > RESULT 2>&1` wrote, unchanged, or fill in the …-result.csv of the bundle")
	}
	return results, nil
}

func between(text, before, after string) (string, bool) {
	_, rest, ok := strings.Cut(text, before)
	if !ok {
		return "", false
	}
	inside, _, ok := strings.Cut(rest, after)
	return inside, ok
}
