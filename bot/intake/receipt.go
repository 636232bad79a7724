package intake

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"

	"vanthu/bot"
)

//go:embed receipt.tsv
var receiptTSV string

// receiptIn reads what a unit writes about the accounts of a case (QT.CNTT.03 step 6). Without rows the case is not known, and what
// must be compared with it stays in doubt. Every word must be understood in a sentence that confirms, and no other sentence may
// speak against it: of a wrong confirmation nobody hears again.
func receiptIn(text string, rows []bot.CaseRow) bot.Receipt {
	h := newHearing(rows)
	all := words(text)
	for _, c := range clauses(text) {
		h.hear(c)
	}
	r := h.receipt()
	switch {
	case r.Doubt == bot.DoubtNothing:
	case meaning("ours").in(all):
		r.Doubt, r.About = bot.DoubtWords, "our own letter"
	case strings.Contains(text, "?") || meaning("status").in(all):
		r.Doubt, r.About = bot.DoubtWords, "a question"
	case marked.MatchString(text):
		r.Doubt, r.About = bot.DoubtWords, "only, as somebody says, or a question"
	case toUs.MatchString(text) || meaning("to_us").in(all):
		r.Doubt, r.About = bot.DoubtWords, "who handed over to whom"
	}
	return r
}

var (
	// marked are words that turn a sentence and, without their marks, are harmless ones: "chỉ" (only) and "chị" (you), "bảo" (somebody
	// says) and "báo" (report), "à" (is that so?) and "ạ". Somebody called Bảo is none of them.
	marked = regexp.MustCompile(`(^|[^\p{L}])((?i:chỉ|à)|bảo)([^\p{L}]|$)`)
	// toUs: not the unit has handed something over, but we.
	toUs = regexp.MustCompile(`(?i)(anh|chị|chi|cntt|thông tin|thong tin)\s+(đã|da)\s+(bàn|ban|giao|phát|phat|trao|chuyển|chuyen|cấp|cap)`)
)

// postscript says whether what stands below a signature may take back what stands above it.
func postscript(below string, rows []bot.CaseRow) bool {
	if postscripts.MatchString(below) {
		return true
	}
	for _, token := range strings.Fields(words(below)) {
		if slices.ContainsFunc(rows, func(r bot.CaseRow) bool { return r.Code != "" && words(r.Code) == token }) {
			return true
		}
	}
	return false
}

var postscripts = regexp.MustCompile(`(?im)^\W*(p\.?/?s\.?|t\.?/?b|tái bút|tai but|n\.?b\.?|lưu ý|luu y|ghi chú|note)\b`)

// hearing gathers what the clauses of a text say.
type hearing struct {
	rows    []bot.CaseRow
	codes   map[string]int      // folded code → row
	names   map[string][]called // by the first word of the folded name
	made    int
	classes []class
	r       bot.Receipt
	said    bool    // something about accounts
	bare    string  // "Đã nhận", and not said what
	handed  bool    // everybody, if no classes follow
	open    *clause // a clause that a list may follow, or that lacks one
	before  *clause // people or classes that stand before the clause that says what is with them
}

// called is the folded name of a row.
type called struct {
	name []string
	row  int
}

// class is a class of the case as it is written in texts.
type class struct {
	name    string // as the first of its rows has it
	tokens  [][]string
	compact string
	rows    []int
}

func newHearing(rows []bot.CaseRow) *hearing {
	h := &hearing{rows: rows, codes: make(map[string]int), names: make(map[string][]called)}
	at := make(map[string]int)
	for _, r := range rows {
		if code := words(r.Code); code != "" && h.codes[code] == 0 {
			h.codes[code] = r.N
		}
		if name := strings.Fields(words(r.Name)); len(name) > 1 {
			h.names[name[0]] = append(h.names[name[0]], called{name, r.N})
		}
		if r.IsAccount() {
			h.made++
		}
		compact := strings.ReplaceAll(words(r.Class), " ", "")
		if compact == "" || !r.IsAccount() {
			continue
		}
		i, ok := at[compact]
		if !ok {
			i = len(h.classes)
			at[compact] = i
			h.classes = append(h.classes, class{name: r.Class, compact: compact, tokens: [][]string{{compact}}})
		}
		c := &h.classes[i]
		c.rows = append(c.rows, r.N)
		if tokens := strings.Fields(words(r.Class)); !slices.ContainsFunc(c.tokens, func(t []string) bool { return slices.Equal(t, tokens) }) {
			c.tokens = append(c.tokens, tokens)
		}
	}
	return h
}

func (h *hearing) doubt(d bot.Doubt, about string) {
	h.said = true
	if h.r.Doubt == bot.Sure || d == bot.DoubtWords && h.r.Doubt != bot.DoubtWords {
		h.r.Doubt, h.r.About = d, strings.TrimSpace(about)
	}
}

// hear takes one clause in.
func (h *hearing) hear(c clause) {
	if parts := h.apart(c); parts != nil {
		for _, p := range parts {
			h.hear(p)
		}
		return
	}
	h.read(&c)
	switch {
	case c.signs:
	case len(c.means) == 0:
		h.beside(&c)
	case c.missing() != "":
		h.missing(&c)
	case c.has("found"):
		h.found(&c)
	default:
		h.confirms(&c)
	}
}

// apart splits a sentence at its commas when each part says something of its own: "lớp YA đã bàn giao, lớp YB chưa có".
func (h *hearing) apart(c clause) []clause {
	raws := strings.Split(c.raw, ",")
	if len(raws) < 2 {
		return nil
	}
	var parts []clause
	for _, raw := range raws {
		p := clause{raw: raw, paragraph: c.paragraph}
		h.read(&p)
		if !slices.ContainsFunc(p.means, func(kind string) bool { return kind != "part" }) {
			return nil
		}
		parts = append(parts, clause{raw: raw, paragraph: c.paragraph})
	}
	return parts
}

// beside is a clause without a statement: politeness, a signature, people for the clause before or after it, or something else.
func (h *hearing) beside(c *clause) {
	switch {
	case c.people() || len(c.classes) > 0:
		follows := h.open != nil && (h.open.raw == "" || c.paragraph <= h.open.paragraph+h.open.reach())
		if follows && len(c.others) == 0 {
			h.open.join(c)
			return
		}
		if c.isName() && len(c.codes)+len(c.stts)+len(c.classes) == 0 { // a signature; who wrote may be called like a student
			return
		}
		if len(c.others) > 0 {
			h.doubt(bot.DoubtWords, c.raw)
			return
		}
		if h.before != nil {
			h.before.join(c)
			return
		}
		h.before = c
	case meaning("accept_good").in(c.folded) || meaning("withdraw").in(c.folded) || meaning("other_request").in(c.folded):
		h.suspect(c)
	case len(c.others) == 0 && len(c.counts) == 0, c.isName(), c.phone:
	default:
		rest := strings.Join(c.others, " ")
		for _, kind := range []string{"stop", "beware", "asks"} {
			if meaning(kind).in(c.folded) && (kind != "asks" || meaning(kind).in(rest)) {
				h.suspect(c)
				return
			}
		}
		if slices.Contains(strings.Fields(c.folded), "lop") && !strings.Contains(c.folded, "lop truong") {
			h.suspect(c)
		}
	}
}

// suspect notes a sentence that speaks of something else. It counts only when something is confirmed, too.
func (h *hearing) suspect(c *clause) {
	if h.r.Doubt == bot.Sure {
		h.r.Doubt, h.r.About = bot.DoubtWords, strings.TrimSpace(c.raw)
	}
}

// confirms is "Đã nhận đủ", "Đã bàn giao", and both for a part.
func (h *hearing) confirms(c *clause) {
	h.said = true
	whole := c.has("received") || meaning("whole").in(c.folded)
	handed := c.has("handed_over")
	switch {
	case len(c.others) > 0 && c.afterClass && !c.turns():
		h.doubt(bot.DoubtClass, strings.Join(c.others, " "))
	case len(c.others) > 0:
		h.doubt(bot.DoubtWords, c.raw)
	case c.people():
		h.doubt(bot.DoubtPart, c.raw)
	case !h.counted(c, whole):
		h.doubt(bot.DoubtCount, c.raw)
	case !handed && len(c.classes) > 0 && len(c.classes) < len(h.classes):
		h.doubt(bot.DoubtPart, c.raw)
	case !handed && !whole && len(c.counts) == 0: // "Đã nhận" may mean the mail
		h.bare = c.raw
	case !handed:
		h.r.Received = true
	case len(c.classes) > 0:
		h.r.Received = h.r.Received || c.has("received")
		h.hand(c)
	default:
		h.r.Received = h.r.Received || c.has("received")
		h.finish()
		h.handed, h.open = true, c
	}
}

// hand notes the classes of a clause as handed over.
func (h *hearing) hand(c *clause) {
	h.finish()
	for _, i := range c.classes {
		if name := h.classes[i].name; !slices.Contains(h.r.Classes, name) {
			h.r.Classes = append(h.r.Classes, name)
		}
	}
	h.open = &clause{means: c.means, paragraph: c.paragraph}
}

// counted compares the numbers of a clause with the case. Where the case is not known a number needs "đủ" or "toàn bộ" beside it.
func (h *hearing) counted(c *clause, whole bool) bool {
	if h.rows == nil {
		return len(c.counts)+len(c.classCounts) == 0 || whole
	}
	want := h.made
	if len(c.classes) > 0 {
		want = 0
		for _, i := range c.classes {
			want += len(h.classes[i].rows)
		}
	}
	classes := len(h.classes)
	if len(c.classes) > 0 {
		classes = len(c.classes)
	}
	return !slices.ContainsFunc(c.counts, func(n int) bool { return n != want }) && !slices.ContainsFunc(c.classCounts, func(n int) bool { return n != classes })
}

// missing is "Thiếu: …", "… không đăng nhập được".
func (h *hearing) missing(c *clause) {
	h.finish()
	h.said = true
	if h.before != nil {
		c.join(h.before)
	}
	h.before = nil
	switch {
	case c.has("handed_over") && len(c.classes) > 0:
		h.doubt(bot.DoubtWords, c.raw)
	case c.has("handed_over"):
		h.handed = true
	}
	h.open = c
}

// found is "Đã thấy …".
func (h *hearing) found(c *clause) {
	h.finish()
	h.said = true
	if h.before != nil {
		c.join(h.before)
	}
	h.before, h.open = nil, c
}

// finish settles the clause that a list could have followed.
func (h *hearing) finish() {
	c := h.open
	h.open = nil
	if c == nil || len(c.means) == 0 {
		return
	}
	if c.missing() == "" && !c.has("found") { // handed over: the classes that followed
		if len(c.classes) > 0 {
			h.handed = false
			again := *c
			h.hand(&again)
			h.open = nil
		}
		if c.people() {
			h.doubt(bot.DoubtPart, c.raw)
		}
		return
	}
	h.people(c)
}

// receipt is what all clauses say together.
func (h *hearing) receipt() bot.Receipt {
	h.finish()
	if h.before != nil && h.said {
		h.doubt(bot.DoubtWords, h.before.raw)
	}
	r := h.r
	if len(r.Missing)+len(r.Unknown) > 0 {
		r.Received = false
	}
	switch {
	case h.handed && len(r.Classes) > 0: // everybody, or these?
		h.doubt(bot.DoubtPart, strings.Join(r.Classes, ", "))
		r.Doubt, r.About = h.r.Doubt, h.r.About
	case h.handed, len(r.Classes) > 0 && len(r.Classes) == len(h.classes):
		r.HandedOver, r.Classes = true, nil
	}
	switch {
	case !h.said:
		return bot.Receipt{Doubt: bot.DoubtNothing}
	case r.Doubt == bot.Sure && !r.Received && !r.HandedOver && len(r.Classes)+len(r.Missing)+len(r.Found)+len(r.Unknown) == 0:
		r.Doubt, r.About = bot.DoubtPart, h.bare
	}
	slices.SortFunc(r.Missing, func(a, b bot.Missing) int { return a.N - b.N })
	slices.Sort(r.Found)
	r.Found = slices.Compact(r.Found)
	for _, m := range r.Missing {
		if slices.Contains(r.Found, m.N) {
			r.Doubt = bot.DoubtWords
		}
	}
	r.About = strings.Join(strings.Fields(r.About), " ")
	if runes := []rune(r.About); len(runes) > 200 {
		r.About = string(runes[:199]) + "…"
	}
	return r
}

// Understood is what the text of a mail says about the accounts of a case: above its signature, and below it.
func Understood(text, below string, rows []bot.CaseRow) bot.Receipt {
	r := receiptIn(text, rows)
	if r.Doubt != bot.DoubtNothing && postscript(below, rows) {
		r.Doubt, r.About = bot.DoubtWords, "something below the signature"
	}
	return r
}

// aboutAccounts says whether a mail without files speaks of the accounts of its case: it confirms them, misses some, or may do so.
// A request, a list or the wish for a form beside it is for a person.
func (r *Reading) aboutAccounts() bool {
	switch r.Kind {
	case bot.Confirmation, bot.Conversation, bot.Incident, bot.Other:
		if len(r.Wishes.List) > 0 {
			return false
		}
	case bot.Question: // about the passwords of a case (ofDelivery)
	default:
		return false
	}
	return r.Doubt == NoDoubt && r.Said.Receipt.Doubt != bot.DoubtNothing && !r.Said.AcceptGoodRows && !r.Said.Withdraw &&
		!r.Said.Status && len(r.Submission.Rows) == 0 && len(r.Submission.Lists) == 0
}
