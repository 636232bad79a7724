package reply

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/xuri/excelize/v2"

	"vanthu/bot"
)

// A name, class or note that begins like a formula comes into no workbook of ours as one (pain 44): neither into the lists that go
// back, nor into the ones with the accounts.
func TestPain44NoCellIsAFormula(t *testing.T) {
	t.Parallel()
	evil := []string{`=HYPERLINK("http://evil.example","x")`, "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "＝1+1", "=cmd|' /C calc'!A0"}
	var rows []bot.Row
	var findings []bot.Finding
	var accounts []Credential
	for i, text := range evil {
		rows = append(rows, bot.Row{N: i + 1, STT: text, Code: text, Name: text, Class: text, Cohort: text, Note: text, File: "ds.xlsx", Sheet: "Sheet1", Line: 2 + i, Cells: map[string]string{"code": fmt.Sprintf("B%d", 2+i)}})
		findings = append(findings, bot.Finding{Rule: "ROW-02", Severity: bot.RejectRow, N: i + 1, File: "ds.xlsx", Sheet: "Sheet1", Cell: fmt.Sprintf("B%d", 2+i), Value: text})
		accounts = append(accounts, Credential{STT: text, Code: text, Name: text, Class: text, Cohort: text, User: text, Address: text, Password: []byte(text)})
	}
	request := bot.Request{Rows: rows, Findings: findings}
	original := excelize.NewFile()
	defer original.Close()
	for i, text := range evil {
		for _, column := range []string{"A", "B", "C"} {
			if err := original.SetCellStr("Sheet1", fmt.Sprintf("%s%d", column, 2+i), text); err != nil {
				t.Fatal(err)
			}
		}
	}
	var list bytes.Buffer
	if err := original.Write(&list); err != nil {
		t.Fatal(err)
	}
	w := markWriter()
	sheet := CredentialSheet{Case: "YC-2026-0042", Unit: "CTSV", Accounts: accounts}
	for name, write := range map[string]func() ([]byte, error){
		"list of the rows": func() ([]byte, error) { return w.ListWorkbook(request) },
		"own list, marked": func() ([]byte, error) { return w.MarkWorkbook(list.Bytes(), request) },
		"user names":       func() ([]byte, error) { return letterCase{}.writer().UserNames(sheet) },
		"credentials":      func() ([]byte, error) { return letterCase{}.writer().Credentials(sheet, testPassphrase) },
	} {
		t.Run(name, func(t *testing.T) {
			data, err := write()
			if err != nil {
				t.Fatal(err)
			}
			f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{Password: testPassphrase})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			texts := 0
			for _, sheet := range f.GetSheetList() {
				rows, err := f.GetRows(sheet)
				if err != nil {
					t.Fatal(err)
				}
				for y, row := range rows {
					for x := range row {
						cell, err := excelize.CoordinatesToCellName(x+1, y+1)
						if err != nil {
							t.Fatal(err)
						}
						if formula, err := f.GetCellFormula(sheet, cell); err != nil || formula != "" {
							t.Errorf("%s!%s is the formula %q (%v)", sheet, cell, formula, err)
						}
						if kind, err := f.GetCellType(sheet, cell); err != nil || kind == excelize.CellTypeFormula || kind == excelize.CellTypeError {
							t.Errorf("%s!%s is of type %v (%v)", sheet, cell, kind, err)
						}
						if row[x] != "" {
							texts++
						}
					}
				}
			}
			if texts < len(evil) {
				t.Errorf("only %d cells were looked at", texts)
			}
		})
	}
}
