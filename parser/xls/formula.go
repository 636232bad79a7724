package xls

import "vanthu/parser"

// formulaRecord reads the cached value of FORMULA ([MS-XLS] §2.5.133 FormulaValue).
func (s *sheet) formulaRecord(at place, b []byte) error {
	if b[6] != 0xff || b[7] != 0xff {
		f := float(b)
		if f == 0 && b[8]&2 != 0 { // "calculate on opening": scripts write it, and a zero that means nothing
			return s.noValue(at)
		}
		return s.number(at, f, true)
	}
	switch b[0] {
	case 0:
		s.formula = at
		return nil
	case 1:
		return s.boolErr(at, b[2], false, true)
	case 2:
		return s.boolErr(at, b[2], true, true)
	case 3: // an empty text, which shows nothing; but programs that cannot calculate write it too
		if s.recalc {
			return nil
		}
	}
	return s.noValue(at)
}

// stringRecord reads the text of the formula before.
func (s *sheet) stringRecord(r *scanner, body []byte) error {
	at := s.formula
	s.formula = place{}
	p := &parts{now: body, from: r}
	st := s.style(at.xf)
	text := s.shortText(p, 2, st.font)
	if p.short {
		return parser.Damage("xls: STRING cut off")
	}
	if text == "" {
		return nil
	}
	shown := st.text(text)
	c, err := s.cell(at, len(text)+len(shown))
	if err != nil {
		return err
	}
	c.Text, c.Raw, c.Formula, c.Font, c.Struck = shown, text, true, st.font.name, st.font.struck
	return nil
}

// noString ends the wait for a STRING record that did not come.
func (s *sheet) noString() error {
	if !s.formula.set {
		return nil
	}
	at := s.formula
	s.formula = place{}
	return s.noValue(at)
}

// noValue sets a formula without a cached value.
func (s *sheet) noValue(at place) error {
	c, err := s.cell(at, 0)
	if err != nil {
		return err
	}
	c.Formula = true
	return nil
}
