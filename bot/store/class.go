package store

import (
	"context"
	"strings"

	"vanthu/bot"
)

// Classes returns the classes that the office knows, by name.
func (tx *Tx) Classes(ctx context.Context) ([]bot.Class, error) {
	return list(ctx, tx, func(s scanner) (bot.Class, error) {
		var c bot.Class
		var at int64
		err := s.Scan(&c.Name, &c.Unit, &c.Cohort, &c.Known.By, &at)
		c.Known.At = instant(at)
		return c, err
	}, `SELECT name, unit, cohort, known_by, known_at FROM classes ORDER BY name`)
}

// AddClass notes that a class is known. One that is known already keeps its name, and gets what was not known of it; an officer's
// word takes the place of a delivery's.
func (tx *Tx) AddClass(ctx context.Context, c bot.Class) error {
	key := bot.ClassKey(c.Name)
	if key == "" {
		return nil
	}
	_, err := tx.exec(ctx, `INSERT INTO classes (key, name, unit, cohort, known_by, known_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (key) DO UPDATE SET
		unit = CASE WHEN classes.unit = '' OR $7 THEN excluded.unit ELSE classes.unit END,
		cohort = CASE WHEN classes.cohort = '' OR $7 THEN excluded.cohort ELSE classes.cohort END,
		known_by = CASE WHEN $7 THEN excluded.known_by ELSE classes.known_by END,
		known_at = CASE WHEN $7 THEN excluded.known_at ELSE classes.known_at END`,
		key, c.Name, c.Unit, c.Cohort, string(c.Known.By), micros(tx.Now), c.ByOfficer())
	return err
}

// ForgetClass says false when the class was not known.
func (tx *Tx) ForgetClass(ctx context.Context, name string) (bool, error) {
	n, err := tx.exec(ctx, `DELETE FROM classes WHERE key = $1`, bot.ClassKey(name))
	return n > 0, err
}

// ClassesAskedFor returns the classes that stand in cases for which no account was made yet (or in the one case, unless 0), as they
// are written, each once with its cases.
func (tx *Tx) ClassesAskedFor(ctx context.Context, caseID int64) ([]bot.Class, error) {
	type asked struct {
		bot.Class
		number string
	}
	all, err := list(ctx, tx, func(s scanner) (a asked, err error) {
		err = s.Scan(&a.Name, &a.Unit, &a.Cohort, &a.number, &a.Rows)
		return a, err
	}, `SELECT r.class, c.unit, MIN(r.cohort), c.number, count(*) FROM case_rows r JOIN cases c ON c.id = r.case_id
		WHERE c.kind = 'account_request' AND c.state IN ('received', 'waiting_unit', 'in_work') AND r.ok AND r.class <> '' AND ($1 = 0 OR c.id = $1)
		GROUP BY r.class, c.unit, c.number ORDER BY r.class, c.number`, caseID)
	if err != nil {
		return nil, err
	}
	var classes []bot.Class
	for _, a := range all {
		if n := len(classes); n > 0 && classes[n-1].Name == a.Name {
			classes[n-1].Cases += ", " + a.number
			classes[n-1].Rows += a.Rows
			if classes[n-1].Unit != a.Unit {
				classes[n-1].Unit = ""
			}
			continue
		}
		a.Cases = strings.TrimSpace(a.number)
		classes = append(classes, a.Class)
	}
	return classes, nil
}
