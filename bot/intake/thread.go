package intake

import (
	"context"
	"slices"
	"strings"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/mime"
)

// Numbers are the case numbers that a mail names, by where they stand; each once.
type Numbers struct {
	Subject []string
	Text    []string // what the sender wrote himself
	Quoted  []string // the rest of the text
}

// mostNumbers bounds how many case numbers of one place are looked at.
const mostNumbers = 8

func numbersIn(msg *mime.Message, own string) Numbers {
	whole := head(msg.Text)
	if strings.TrimSpace(whole) == "" {
		whole = head(msg.HTML)
	}
	n := Numbers{Subject: numbers(msg.Subject), Text: numbers(own)}
	n.Quoted = slices.DeleteFunc(numbers(whole), func(s string) bool { return slices.Contains(n.Text, s) })
	return n
}

func numbers(text string) (found []string) {
	for _, s := range caseNumber.FindAllString(text, -1) {
		if s = strings.ToUpper(s); !slices.Contains(found, s) && len(found) < mostNumbers {
			found = append(found, s)
		}
	}
	return found
}

// A hint is one place of a mail that names a case. It says where a mail belongs, and proves nothing about its sender: a case
// of another unit is not reached by any of them.
type hint struct {
	by     string // "token", "subject", "references", "text", "quoted"
	number string // "YC-2026-0042", "a case of another unit", "a case that is not there"
	found  *bot.Case
}

// hintList is in the order in which hints are believed (docs/flow.md, step 5).
type hintList []hint

// found is the case that the strongest hint reaches, and which hint that is.
func (l hintList) found() (c *bot.Case, by string) {
	for _, h := range l {
		if h.found != nil {
			return h.found, h.by
		}
	}
	return nil, ""
}

// String is what the journal keeps: "subject YC-2026-0042, references YC-2026-0031". The hint that was followed is the first
// of a case that the unit has. What is quoted counts only when nothing else names a case.
func (l hintList) String() string {
	var said []string
	for _, h := range l {
		said = append(said, h.by+" "+h.number)
	}
	return strings.Join(said, ", ")
}

// disagree says whether the hints of a journal line name several cases: an officer is told.
func disagree(thread string) bool {
	first := ""
	for h := range strings.SplitSeq(thread, ", ") {
		_, number, _ := strings.Cut(h, " ")
		if first == "" {
			first = number
		}
		if number != first {
			return true
		}
	}
	return false
}

const (
	foreignCase = "a case of another unit"
	noSuchCase  = "a case that is not there"
)

// relations finds the case that a mail belongs to: by our token in the address that it was sent to, the case number in its
// subject, the answers that it refers to, the case number in its text. The error is a *copyError when the mail came before.
func (in *Intake) relations(ctx context.Context, m store.Mail, msg *mime.Message, unit bot.Unit, r Reading) (found *bot.Case, hints hintList, err error) {
	err = in.DB.Read(ctx, func(tx *store.Tx) error {
		if err := pending(ctx, tx, m); err != nil {
			return err
		}
		hints, err = in.hints(ctx, tx, msg, unit, r)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	found, by := hints.found()
	if found == nil || by == "references" || len(msg.InReplyTo) == 0 {
		return found, hints, nil
	}
	return found, hints, in.learn(ctx, m, msg.InReplyTo[0], unit, *found)
}

func (in *Intake) hints(ctx context.Context, tx *store.Tx, msg *mime.Message, unit bot.Unit, r Reading) (hints hintList, err error) {
	add := func(by string, c bot.Case, ok bool) {
		h := hint{by: by, number: noSuchCase}
		switch {
		case ok && c.Unit == unit.ID:
			h.number, h.found = c.Number, &c
		case ok:
			h.number = foreignCase
		}
		if !slices.ContainsFunc(hints, func(k hint) bool { return k.by == by && k.number == h.number }) {
			hints = append(hints, h)
		}
	}
	for _, token := range in.tokensIn(msg, "") {
		c, ok, err := tx.CaseByToken(ctx, token)
		if err != nil {
			return nil, err
		}
		add("token", c, ok)
	}
	named := func(by string, numbers []string) error {
		for _, number := range numbers {
			c, err := tx.CaseByNumber(ctx, number)
			if err != nil && bot.ErrorCode(err) != bot.NotFound {
				return err
			}
			add(by, c, err == nil)
		}
		return nil
	}
	if err := named("subject", r.Numbers.Subject); err != nil {
		return nil, err
	}
	for _, id := range nearest(msg) {
		c, ok, err := tx.CaseOfReference(ctx, id, unit.ID)
		if err != nil {
			return nil, err
		}
		if ok {
			add("references", c, ok)
			break // the others are older mails of the same conversation
		}
	}
	if err := named("text", r.Numbers.Text); err != nil {
		return nil, err
	}
	if c, _ := hints.found(); c == nil {
		err = named("quoted", r.Numbers.Quoted)
	}
	return hints, err
}

// mostReferences bounds how many Message-IDs of one mail are looked up.
const mostReferences = 40

// nearest are the mails that a mail refers to, the one that it answers first (RFC 5322 §3.6.4).
func nearest(msg *mime.Message) []string {
	older := slices.Clone(msg.References)
	slices.Reverse(older)
	all := append(slices.Clone(msg.InReplyTo), older...)
	return all[:min(len(all), mostReferences)]
}

// learn notes that the mail which is answered belongs to the case, when its Message-ID is nobody's: providers write their own
// over ours, and the next reply may bear nothing else.
func (in *Intake) learn(ctx context.Context, m store.Mail, id string, unit bot.Unit, c bot.Case) error {
	return in.DB.Write(ctx, func(tx *store.Tx) error {
		if _, known, err := tx.CaseOfReference(ctx, id, unit.ID); err != nil || known {
			return err
		}
		return tx.LearnID(ctx, id, c.ID, m.ID)
	})
}

// tokensIn are the tokens of ours in the addresses that a mail was sent to, "cntt+<token>@truong.example": in its own fields
// and in those that mail servers write at delivery. kind is the letter before the token, "" for a case's.
func (in *Intake) tokensIn(msg *mime.Message, kind string) (tokens []string) {
	local, domain, _ := strings.Cut(in.Service, "@")
	if in.Plus == "" || domain == "" {
		return nil
	}
	var addresses []string
	for _, a := range slices.Concat(msg.To, msg.Cc) {
		addresses = append(addresses, a.Address)
	}
	for _, f := range msg.Fields {
		if strings.EqualFold(f.Name, "Delivered-To") || strings.EqualFold(f.Name, "X-Original-To") {
			addresses = append(addresses, strings.Trim(strings.TrimSpace(f.Value), "<>"))
		}
	}
	for _, a := range addresses {
		token, ok := strings.CutPrefix(strings.ToLower(a), local+in.Plus+kind)
		token, atUs := strings.CutSuffix(token, "@"+domain)
		if ok && atUs && isToken(token) && !slices.Contains(tokens, token) && len(tokens) < mostNumbers {
			tokens = append(tokens, token)
		}
	}
	return tokens
}

// isToken says whether a text may be a token of ours: bot.NewToken.
func isToken(s string) bool {
	return len(s) == bot.TokenLength && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz234567") == ""
}
