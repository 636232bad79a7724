package form

import (
	"regexp"
	"strings"
	"unicode"

	"vanthu/parser"
	"vanthu/parser/viet"
)

// letterScore is from where on lines are a letter; a title and "Kính gửi" reach it, the head of a list does not.
const letterScore = 4

// What tells a letter (BM-CNTT31, procedure A-19), on folded lines. QT.CNTT.03 Q3: the form's code is written in many ways.
var (
	formRE   = regexp.MustCompile(`\bbm[-_. ]?cntt[-_. ]?0*(31|32)\b`)
	titleRE  = regexp.MustCompile(`^(ban|giay|don|van ban|cong van|phieu) (de nghi|yeu cau)|^to trinh|^cong van`)
	aboutRE  = regexp.MustCompile(`^(ve viec|v/v)\b`)
	topicRE  = regexp.MustCompile(`\b(tai khoan|e-?mail|thu dien tu)\b`)
	reasonRE = regexp.MustCompile(`^ly do\b[^:]{0,40}:`)
	unitRE   = regexp.MustCompile(`^(don vi( de nghi| yeu cau)?|phong \(ban\)|ten don vi)\s*:`)
	officeRE = regexp.MustCompile(`^(phong|khoa|trung tam|ban|vien|benh vien|thu vien|bo mon|doan|hoi)\b`)
	// Đoàn and Hội are family names, too.
	signOfficeRE = regexp.MustCompile(`^(phong|khoa|trung tam|ban|vien|benh vien|thu vien|bo mon|doan (thanh|truong|khoa|tncs)|hoi (sinh|cuu))\b`)
	schoolRE     = regexp.MustCompile(`^(truong|hoc vien|dai hoc)\b`)
	labelLine    = regexp.MustCompile(`^[^:]{1,40}:`)
	closingRE    = regexp.MustCompile(`^(tran trong|rat mong|kinh (mong|de nghi)|noi nhan)`)
	staffRE      = regexp.MustCompile(`\b(can bo|vien chuc|giang vien|nhan vien)\b`)
	verbRE       = regexp.MustCompile(`\b(cap|tao|mo|xoa|thu hoi|huy|khoa|dung)\b`)
	leftRE       = regexp.MustCompile(`\bthoi hoc\b|\b(xoa|thu hoi|huy|vo hieu)\b[^.]{0,30}\b(tai khoan|e-?mail|thu dien tu)\b`)
	signerRE     = regexp.MustCompile(`^(thu truong|(kt\.? ?)?(pho )?(truong|giam doc|vien truong|hieu truong)( (don vi|phong|khoa|ban|trung tam|bo mon))?$|(kt|tl|tuq|tm)\.)`)
	askRE        = regexp.MustCompile(`\b(de nghi|yeu cau|kinh mong)\b`)
	notAskRE     = regexp.MustCompile(`^(\(|ban de nghi|giay de nghi|danh sach|kinh gui|don vi|ve viec|v/v|ly do|so luong|to trinh|phieu)`)
	fillRE       = regexp.MustCompile(`[.…_]{2,}|…`)
)

// foldedLine is a line with its folded text, worked out once.
type foldedLine struct {
	line
	fold string
}

func foldLines(lines []line) []foldedLine {
	out := make([]foldedLine, 0, len(lines))
	for _, n := range lines {
		out = append(out, foldedLine{n, viet.Fold(n.text)})
	}
	return out
}

// scoreLetter says how much the lines look like a letter about accounts: 0 when they are about something else.
func scoreLetter(lines []foldedLine) int {
	score := 0
	topic := false
	once := map[string]bool{}
	add := func(what string, points int) {
		if !once[what] {
			once[what] = true
			score += points
		}
	}
	for _, n := range lines {
		topic = topic || topicRE.MatchString(n.fold)
		switch {
		case titleRE.MatchString(n.fold):
			add("title", 3)
		case strings.HasPrefix(n.fold, "kinh gui"):
			add("to", 2)
		case reasonRE.MatchString(n.fold):
			add("reason", 2)
		case aboutRE.MatchString(n.fold):
			add("about", 1)
		case isRequest(n.fold):
			add("request", 2)
		}
		if formRE.MatchString(n.fold) {
			add("form", 1)
		}
	}
	if !topic {
		return 0
	}
	return score
}

func isRequest(fold string) bool {
	return askRE.MatchString(fold) && !notAskRE.MatchString(fold)
}

// readLetter reads the fields of a letter from its lines.
func readLetter(file string, lines []foldedLine) *parser.Letter {
	l := &parser.Letter{File: file}
	l.Unit = unit(lines)
	l.Date = letterDate(lines)
	l.Reason = reason(lines)
	l.Request = request(lines)
	l.Signer = signer(lines)
	for _, n := range lines {
		if m := formRE.FindStringSubmatch(n.fold); m != nil && l.Form == "" {
			l.Form = "BM-CNTT" + m[1]
		}
		if schoolRE.MatchString(n.fold) && l.School.Text == "" && !signerRE.MatchString(n.fold) {
			school, _, _ := strings.Cut(n.text, "CỘNG H") // a PDF may give both heads of the page in one line
			l.School = valueOf(n, school)
		}
		if aboutRE.MatchString(n.fold) || titleRE.MatchString(n.fold) {
			l.Deletes = l.Deletes || leftRE.MatchString(n.fold)
		}
	}
	ask := viet.Fold(l.Request.Text)
	l.Deletes = l.Deletes || leftRE.MatchString(ask)
	l.Staff = staffRE.MatchString(ask)
	l.Count = count(ask, lines)
	l.Signed = pictureAfterRequest(lines, l.Request)
	ofList(l, lines)
	return l
}

// ofList reads what the letter says of its list, down to where a list's own title begins.
func ofList(l *parser.Letter, lines []foldedLine) {
	for _, n := range lines {
		if strings.HasPrefix(n.fold, "danh sach") {
			break
		}
		l.Classes = append(l.Classes, namedClasses(n)...)
		l.Cohorts = append(l.Cohorts, namedCohorts(n)...)
		if v, d := decision(n.line, n.fold); v.Text != "" && (l.Decision.Text == "" || l.DecisionDate.Year == 0 && d.Year > 0) {
			l.Decision, l.DecisionDate = v, d
		}
	}
	l.Classes, l.Cohorts = once(l.Classes), once(l.Cohorts)
}

func valueOf(n foldedLine, text string) parser.Value {
	return parser.Value{Text: undot(text), Raw: n.text, At: n.at}
}

// undot takes off the dots of a printed form and what punctuation they leave at the ends.
func undot(s string) string {
	s = fillRE.ReplaceAllString(s, " ")
	return strings.Trim(strings.Join(strings.Fields(s), " "), " .;:,/")
}

// afterColon returns what stands behind the first colon.
func afterColon(s string) string {
	_, rest, _ := strings.Cut(s, ":")
	return rest
}

// unit is what stands behind "Đơn vị:", or the office named under the school's name.
func unit(lines []foldedLine) parser.Value {
	for i, n := range lines {
		if unitRE.MatchString(n.fold) {
			if v := valueOf(n, afterColon(n.text)); v.Text != "" {
				return withNextLine(v, n, lines[i+1:])
			}
		}
	}
	for i, n := range lines {
		if schoolRE.MatchString(n.fold) {
			for _, under := range lines[i+1 : min(i+4, len(lines))] {
				if officeRE.MatchString(under.fold) {
					return valueOf(under, under.text)
				}
			}
			break
		}
	}
	return parser.Value{}
}

// withNextLine adds to a unit's name in capitals what stands of it in the next line of its column: a page, unlike a text, does not
// say where a paragraph ends. "ĐẠI HỌC" alone is no school but the end of "PHÒNG ĐÀO TẠO SAU ĐẠI HỌC".
func withNextLine(v parser.Value, n foldedLine, below []foldedLine) parser.Value {
	if n.at.Page == 0 || v.Text != strings.ToUpper(v.Text) {
		return v
	}
	for _, more := range below[:min(3, len(below))] {
		if more.column != n.column || more.at.Page != n.at.Page {
			continue
		}
		text := undot(more.text)
		if text == strings.ToUpper(text) && lettersOnly(text) && len([]rune(text)) <= 40 && !labelLine.MatchString(more.fold) && !titleRE.MatchString(more.fold) &&
			!notAskRE.MatchString(more.fold) && !topicRE.MatchString(more.fold) && (!schoolRE.MatchString(more.fold) || more.fold == "dai hoc") && !strings.HasPrefix(more.fold, "cong hoa") && !strings.HasPrefix(more.fold, "doc lap") {
			v.Text, v.Raw = v.Text+" "+text, v.Raw+"\n"+more.text
		}
		break
	}
	return v
}

var (
	placeDateRE = regexp.MustCompile(`^([^,:]{1,40},\s*)?ngay\b`)
	bareDateRE  = regexp.MustCompile(`^[^,:\d]{2,40},\s*(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})\.?$`) // "Cần Thơ, 05/11/2026"
)

// letterDate reads "Cần Thơ, ngày 05 tháng 11 năm 2026". A date that was left blank gives only its Text.
func letterDate(lines []foldedLine) parser.Date {
	var blank parser.Date
	for _, n := range lines {
		if m := bareDateRE.FindStringSubmatch(n.fold); m != nil {
			return dated(n.line, m[1], m[2], m[3])
		}
		at := strings.Index(n.fold, "ngay")
		if at < 0 || !placeDateRE.MatchString(n.fold) && !strings.Contains(n.fold, ", ngay") || strings.Contains(n.fold, "quyet dinh") {
			continue
		}
		if d, ok := parseDate(n.line); ok {
			return d
		}
		if blank.Text == "" && strings.Contains(n.fold, "thang") {
			blank = parser.Date{Text: n.text, At: n.at}
		}
	}
	return blank
}

// reason is what stands behind "Lý do cấp email:" and up to two lines below, as on the printed form.
func reason(lines []foldedLine) parser.Value {
	for i, n := range lines {
		if !reasonRE.MatchString(n.fold) {
			continue
		}
		v := parser.Value{Raw: n.text, At: n.at}
		parts := []string{undot(afterColon(n.text))}
		for _, more := range lines[i+1 : min(i+4, len(lines))] {
			if len(parts) == 3 && parts[0] != "" || ends(more) {
				break
			}
			parts = append(parts, undot(more.text))
			v.Raw += "\n" + more.text
		}
		v.Text = strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
		return v
	}
	return parser.Value{}
}

// ends reports whether a line is no continuation of the reason.
func ends(n foldedLine) bool {
	return isRequest(n.fold) || strings.HasPrefix(n.fold, "de phuc vu") || labelLine.MatchString(n.fold) ||
		closingRE.MatchString(n.fold) || signerRE.MatchString(n.fold) || n.picture
}

// request is the sentence that asks for accounts, over at most three lines.
func request(lines []foldedLine) parser.Value {
	for i, n := range lines {
		if !isRequest(n.fold) || closingRE.MatchString(n.fold) {
			continue
		}
		v := parser.Value{Raw: n.text, At: n.at}
		for _, more := range lines[i+1 : min(i+3, len(lines))] {
			if strings.HasSuffix(strings.TrimSpace(v.Raw), ".") || closingRE.MatchString(more.fold) || labelLine.MatchString(more.fold) || signerRE.MatchString(more.fold) {
				break
			}
			v.Raw += "\n" + more.text
		}
		v.Text = strings.Join(strings.Fields(v.Raw), " ")
		if fold := viet.Fold(v.Text); topicRE.MatchString(fold) && verbRE.MatchString(fold) {
			return v
		}
	}
	return parser.Value{}
}

// signer is the name under "Thủ trưởng đơn vị", in the same column where there are columns.
func signer(lines []foldedLine) parser.Value {
	for i, n := range lines {
		if !signerRE.MatchString(n.fold) || len(n.fold) > 80 {
			continue
		}
		for _, under := range lines[i+1 : min(i+12, len(lines))] {
			if under.column != n.column || under.at.Sheet != n.at.Sheet || signerRE.MatchString(under.fold) {
				continue
			}
			if isSignerName(under) {
				return valueOf(under, under.text)
			}
		}
	}
	return parser.Value{}
}

// isSignerName reports whether a line can be the name of the one who signs: a few words of letters, no instruction.
func isSignerName(n foldedLine) bool {
	words := strings.Fields(n.text)
	if len(words) < 2 || len(words) > 9 || strings.HasPrefix(n.fold, "(") || strings.HasPrefix(n.fold, "ky") || footerRE.MatchString(n.fold) {
		return false
	}
	if signOfficeRE.MatchString(n.fold) || strings.HasPrefix(n.fold, "danh sach") || strings.HasPrefix(n.fold, "noi nhan") {
		return false
	}
	for _, r := range n.text {
		if !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) && !strings.ContainsRune(" .,'-", r) {
			return false
		}
	}
	return true
}

// pictureAfterRequest reports a picture behind the request: of a signature, most likely. A logo stands at the top.
func pictureAfterRequest(lines []foldedLine, ask parser.Value) bool {
	after := false
	for _, n := range lines {
		if after && n.picture {
			return true
		}
		after = after || ask.Raw != "" && strings.HasPrefix(ask.Raw, n.text) && n.text != "" || signerRE.MatchString(n.fold)
	}
	return false
}
