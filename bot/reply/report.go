package reply

import (
	"fmt"
	"time"

	"vanthu/bot"
	"vanthu/mailer/compose"
)

// A Report is how the steps of one case went: due, done, on time or late, by whom.
type Report struct {
	Case     bot.Case               `json:"case"`
	Unit     string                 `json:"unit"`   // its name
	People   int                    `json:"people"` // rows
	Made     int                    `json:"made"`   // that got an account
	Limits   []bot.Limit            `json:"steps"`
	Holds    []Period               `json:"holds"`
	At       time.Time              `json:"at"`
	Name     string                 `json:"-"` // of the procedure
	NameEN   string                 `json:"-"`
	ByPerson func(bot.Actor) string `json:"-"`
}

// A Period is a time on hold.
type Period struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"` // zero: still
	By   bot.Actor `json:"by"`
	Why  string    `json:"why"`
}

// Result says how a step went, in both languages.
func Result(l bot.Limit) (vi, en string) {
	switch l.Stage {
	case bot.StageOnTime:
		return "đúng hạn", "on time"
	case bot.StageLate:
		return fmt.Sprintf("trễ %s ngày", so(l.Over)), count(l.Over, "day", "days") + " late"
	case bot.StageOverdue:
		return fmt.Sprintf("QUÁ HẠN %s ngày", so(l.Over)), "OVERDUE " + count(l.Over, "day", "days")
	case bot.StageHeld:
		return "tạm dừng", "on hold"
	case bot.StageAhead:
		return "chưa bắt đầu", "not begun"
	case bot.StageDue:
		return "hạn hôm nay", "due today"
	case bot.StageRuns, bot.StageHalf, bot.StageNear:
	}
	return fmt.Sprintf("đang làm, còn %s ngày", so(l.Left)), "running, " + count(l.Left, "day", "days") + " left"
}

// reportFacts is what the template fills in; every foreign text in it went through plain.
type reportFacts struct {
	page
	Number, About, Date, At string
	Says, Notes             []string
	Steps                   paperTable
	Holds                   *paperTable
}

// ReportPaper writes the report as a document.
func (w *Writer) ReportPaper(r Report) (compose.Attachment, error) {
	c := r.Case
	f := reportFacts{page: w.page(c.Number, r.Unit, r.At), Date: ngay(r.At), About: fmt.Sprintf("%s, hồ sơ %s", plain(c.Procedure, longest), plain(c.Number, longest))}
	if f.Place != "" {
		f.At = string(f.Place) + ", "
	}
	say := func(vi, en string) { f.Says = append(f.Says, vi+" / "+en) }
	say(fmt.Sprintf("Quy trình %s, lần ban hành %s: %s", plain(c.Procedure, longest), plain(c.Edition, longest), plain(r.Name, speech)), fmt.Sprintf("%s, edition %s: %s.", plain(c.Procedure, longest), plain(c.Edition, longest), plain(r.NameEN, speech)))
	say("Đơn vị đề nghị: "+string(f.Unit), "Asked by this unit.")
	say(fmt.Sprintf("Nhận ngày %s; %s người trong danh sách, %s tài khoản", c.ReceivedAt.In(bot.ICT).Format("02/01/2006 15:04"), so(r.People), so(r.Made)), fmt.Sprintf("Received; %s on the list, %s.", count(r.People, "person", "people"), count(r.Made, "account", "accounts")))
	f.Steps = paperTable{Columns: []column{{"Bước / Step", 2700, "Cell"}, {"Bắt đầu / Begun", 1260, "Cell"}, {"Hạn / Due", 1180, "Cell"}, {"Xong / Done", 1260, "Cell"}, {"Người làm / By", 1540, "Cell"}, {"Kết quả / Result", 1500, "Cell"}}}
	for _, l := range r.Limits {
		vi, en := Result(l)
		name := fmt.Sprintf("%d. %s / %s", l.Step.Number, plain(l.Step.VI, longest), plain(l.Step.EN, longest))
		if l.Round > 1 {
			name += fmt.Sprintf(" (lần %d / round %d)", l.Round, l.Round)
		}
		if l.Step.ID == bot.StepDelete && l.Whose == bot.WhoseUnit {
			name += " – từ quyết định đến thư của đơn vị / from the decision to the unit’s mail"
		}
		f.Steps.Rows = append(f.Steps.Rows, []string{name, stamped(l.Started), dated(l.Due), stamped(l.Done.At), string(plain(r.person(l.Done.By), longest)), vi + " / " + en})
	}
	if len(r.Holds) > 0 {
		f.Holds = &paperTable{Columns: []column{{"Từ / From", 1500, "Cell"}, {"Đến / To", 1500, "Cell"}, {"Người / By", 2000, "Cell"}, {"Lý do / Reason", 4240, "Cell"}}}
		for _, h := range r.Holds {
			f.Holds.Rows = append(f.Holds.Rows, []string{stamped(h.From), stamped(h.To), string(plain(r.person(h.By), longest)), string(plain(h.Why, speech))})
		}
	}
	f.Notes = []string{"Ngày cuối của thời hạn rơi vào ngày nghỉ thì chuyển sang ngày làm việc kế tiếp (Bộ luật Dân sự 2015, Điều 147, 148). Ngày bắt đầu không tính. Lập tự động từ nhật ký sự kiện. / The last day of a limit rolls on over days off; the first day is not counted. Made from the history of events."}
	data, err := paper("report.xml", f, c.Number+" · báo cáo "+r.At.In(bot.ICT).Format("02/01/2006 15:04"))
	return compose.Attachment{Name: c.Number + " báo cáo các bước.docx", Type: DOCX, Data: data}, err
}

func (r Report) person(a bot.Actor) string {
	if r.ByPerson == nil || a == "" {
		return string(a)
	}
	return r.ByPerson(a)
}

func stamped(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(bot.ICT).Format("02/01/2006 15:04")
}

func dated(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(bot.ICT).Format("02/01/2006")
}

// A UnitSum is what a period says of one unit.
type UnitSum struct {
	Unit     string `json:"unit"`
	Cases    int    `json:"cases"`
	Open     int    `json:"open"`
	People   int    `json:"people"`
	Made     int    `json:"made"`
	Steps    int    `json:"steps"`
	OnTime   int    `json:"on_time"`
	Late     int    `json:"late"`
	Overdue  int    `json:"overdue"`
	LateDays int    `json:"late_days"`
	Held     int    `json:"held"`
}

// SumUnits sums reports up, a line for each unit in the order in which they first come.
func SumUnits(reports []Report) []UnitSum {
	var sums []UnitSum
	place := make(map[string]int)
	for _, r := range reports {
		i, ok := place[r.Unit]
		if !ok {
			i = len(sums)
			place[r.Unit] = i
			sums = append(sums, UnitSum{Unit: r.Unit})
		}
		s := &sums[i]
		s.Cases++
		s.People += r.People
		s.Made += r.Made
		s.Held += len(r.Holds)
		if r.Case.State.Open() {
			s.Open++
		}
		for _, l := range r.Limits {
			switch l.Stage {
			case bot.StageOnTime:
				s.OnTime++
			case bot.StageLate:
				s.Late++
				s.LateDays += l.Over
			case bot.StageOverdue:
				s.Overdue++
				s.LateDays += l.Over
			case bot.StageAhead:
				continue
			case bot.StageRuns, bot.StageHalf, bot.StageNear, bot.StageDue, bot.StageHeld:
			}
			s.Steps++
		}
	}
	return sums
}

// ReportTables are the reports of a period: by unit, then step by step.
func (w *Writer) ReportTables(reports []Report) []SheetData {
	units := SheetData{Name: "Theo đơn vị", Columns: []Column{{"Đơn vị", 34}, {"Hồ sơ", 9}, {"Đang mở", 9}, {"Người", 9}, {"Tài khoản", 10}, {"Bước đã bắt đầu", 10}, {"Đúng hạn", 9}, {"Trễ", 9}, {"Quá hạn", 9}, {"Số ngày trễ", 10}, {"Lần tạm dừng", 10}}}
	for _, s := range SumUnits(reports) {
		row := []string{string(plain(s.Unit, longest))}
		for _, n := range []int{s.Cases, s.Open, s.People, s.Made, s.Steps, s.OnTime, s.Late, s.Overdue, s.LateDays, s.Held} {
			row = append(row, fmt.Sprint(n))
		}
		units.Rows = append(units.Rows, row)
	}
	steps := SheetData{Name: "Từng bước", Columns: []Column{{"Đơn vị", 30}, {"Hồ sơ", 15}, {"Nhận ngày", 17}, {"Người", 8}, {"Trạng thái", 16}, {"Bước", 7}, {"Tên bước", 34}, {"Lần", 6}, {"Bắt đầu", 17}, {"Hạn", 12}, {"Xong", 17}, {"Người làm", 24}, {"Kết quả", 24}, {"Số ngày trễ", 10}}}
	for _, r := range reports {
		for _, l := range r.Limits {
			vi, _ := Result(l)
			late := ""
			if l.Over > 0 {
				late = fmt.Sprint(l.Over)
			}
			steps.Rows = append(steps.Rows, []string{string(plain(r.Unit, longest)), r.Case.Number, stamped(r.Case.ReceivedAt), fmt.Sprint(r.People), string(r.Case.State), fmt.Sprint(l.Step.Number), string(plain(l.Step.VI, longest)),
				fmt.Sprint(l.Round), stamped(l.Started), dated(l.Due), stamped(l.Done.At), string(plain(r.person(l.Done.By), longest)), vi, late})
		}
	}
	return []SheetData{units, steps}
}
