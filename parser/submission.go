// Package parser turns the files of one request into a Submission: the letter's fields, the list's rows, and for every
// value where it stood. It is pure: the same bytes give the same Submission, without network, database, clock or log.
// A partial reading with remarks beats an error: what was odd is remarked, never guessed in silence.
//
// It must not know bot (rules, cases, people) nor mailer (how the files came).
package parser

import "strconv"

// A File is one attachment as it came. Name and Type are hints; the content decides.
type File struct {
	Name string // cleaned of paths, may be empty
	Type string // media type, may be empty
	Data []byte
	Body bool // the text of the mail itself: its tables are read, its words are no letter
	// Problem says why the file is not to be read: it could not be taken out of its archive, or its last reader died of it.
	Problem *Problem
}

// Limits bound what is read of one request. A limit that is hit is named in a Problem, so that the answer can name it.
type Limits struct {
	FileSize int64 // bytes of one file
	Unpacked int64 // bytes after unpacking one file
	Rows     int   // rows of one request
	Columns  int   // columns of a sheet
	Sheets   int   // sheets or tables of a file
	Depth    int   // nesting of XML elements
	Files    int   // files in one archive (.zip); Unpacked bounds them together
}

// DefaultLimits are the limits named in the manual: 40 MB, 100 MB unpacked, 200,000 rows, 200 columns, 200 files in a .zip.
func DefaultLimits() Limits {
	return Limits{FileSize: 40 << 20, Unpacked: 100 << 20, Rows: 200_000, Columns: 200, Sheets: 200, Depth: 256, Files: 200}
}

// A Submission is what was understood of the files of one request.
type Submission struct {
	Files   []FileReport // one for each file handed in, in order
	Letter  *Letter      // nil: no letter found
	Rows    []Row        // of all lists, in the order of the files, numbered from 1
	Lists   []List       // the tables that gave the rows
	Remarks []Remark     // in order of place
}

// Role says what a file was taken for.
type Role string

// The roles of a file.
const (
	RoleLetter  Role = "letter"
	RoleList    Role = "list"
	RoleBoth    Role = "letter_and_list"
	RoleOther   Role = "other"   // readable, neither letter nor list
	RoleProblem Role = "problem" // see Problem
)

// A FileReport says what became of one file: every file is accounted for.
type FileReport struct {
	Name   string
	Format string // "xlsx", "docx", "pdf", "png", "zip" … by content; "" unknown
	Role   Role
	// Document: its lists stand in tables of a document, whose rows a person does not see numbered; else on sheets.
	Document bool
	Problem  *Problem // set with RoleProblem
}

// ProblemCode says why a file could not be read.
type ProblemCode string

// The problems of a file, and the rule that answers each.
const (
	Unsupported ProblemCode = "unsupported" // ENV-04: a type that is not read
	Encrypted   ProblemCode = "encrypted"   // ENV-06: needs a password
	Damaged     ProblemCode = "damaged"     // ENV-07: does not hold together
	TooLarge    ProblemCode = "too_large"   // ENV-07: a limit was hit, named in Limit
	Picture     ProblemCode = "picture"     // ENV-13: photo or scan
	Empty       ProblemCode = "empty"       // ENV-07: zero bytes
)

// A Problem is one file that could not be read, or not whole.
type Problem struct {
	Code   ProblemCode
	Limit  string // for TooLarge: the limit as a person says it: "200.000 dòng", "100 MB sau khi giải nén"
	Detail string // technical, for the officer's page and tests; never a cell value
}

// A Place is where a value stands, as a person sees it. Row and Col are 1-based, 0 where they say nothing.
type Place struct {
	File  string
	Sheet string
	Row   int
	Col   int
	Page  int // page of a document
}

// Cell returns the spreadsheet's name of the place: "B14"; "" without a column.
func (p Place) Cell() string {
	if p.Col <= 0 || p.Row <= 0 {
		return ""
	}
	return ColumnName(p.Col) + strconv.Itoa(p.Row)
}

// ColumnName returns the letters of a 1-based column: 1 is "A", 28 is "AB".
func ColumnName(col int) string {
	var s string
	for col > 0 {
		col--
		s = string(rune('A'+col%26)) + s
		col /= 26
	}
	return s
}

// A Value is one value that was read: Text as understood (NFC, blanks collapsed), Raw as it stood.
type Value struct {
	Text string
	Raw  string
	At   Place
}

// A Letter is the letter part of BM-CNTT31 (procedure A-19). Fields that were not found have an empty Text.
type Letter struct {
	File    string
	Form    string // "BM-CNTT31" when the form's code stands in it
	School  Value
	Unit    Value
	Date    Date
	Reason  Value
	Request Value // the sentence that asks, where "cán bộ" or a number of people may stand
	Signer  Value // the name under "Thủ trưởng đơn vị"
	Signed  bool  // a picture or digital signature stands at the end (evidence, not proof)
	Count   int   // number of people the letter speaks of; 0: none said
	Staff   bool  // the wording asks for "cán bộ" (FRM-08)
	Scan    bool  // a picture without text: an officer must read it (FRM-12)
	Deletes bool  // asks for deletion (procedure step 7)

	// What the letter says of the list, so that the two can be held against each other; as written, each once, in order.
	Classes []Value // "lớp YAK50, YBK50"
	Cohorts []Value // "khóa 50", "K50", "khóa 2024-2030"
	// The decision that a deletion rests on: "Quyết định số 1234/QĐ-ĐHYDVD ngày 01/10/2026".
	Decision     Value // its number alone: "1234/QĐ-ĐHYDVD"
	DecisionDate Date
}

// A Date is a date as written. Year 0: not found. Valid is false for the 31st of November.
type Date struct {
	Year, Month, Day int
	Valid            bool
	Text             string
	At               Place
}

// A List is one table that gave rows.
type List struct {
	File, Sheet string
	Title       string           // the line above it: "DANH SÁCH SINH VIÊN THÔI HỌC"
	Deletes     bool             // the title speaks of people who left
	HeaderRow   int              // 1-based; the last one of a two-row header
	Columns     map[string]Value // field of header_synonyms.tsv → its header cell
	Date        Date             // "(Kèm theo bản đề nghị ngày …)"
	Count       int              // "Danh sách này có 140 sinh viên"; 0: none said
	FirstRow    int              // 1-based place of the first and the last row of people
	LastRow     int
	// The decision that is named above the table, for people who left; see Letter.Decision.
	Decision     Value
	DecisionDate Date
}

// A Row is one person of a list, in the sender's order.
type Row struct {
	N      int   // place in the request, from 1
	At     Place // file, sheet and row
	STT    Value
	Code   Value
	Name   Value
	Class  Value
	Cohort Value
	Note   Value
	// Leaving is what the list says of somebody who leaves; nil when it has no such column.
	Leaving *Leaving
}

// Leaving are the columns of a list of people who left.
type Leaving struct {
	Reason       Value // "Lý do": "thôi học", "bảo lưu"
	Decision     Value // "Số quyết định", as written
	DecisionDate Date  // "Ngày quyết định", or the date in Decision; Year 0: none
}

// RemarkCode is the parser's own word for something odd. bot/rules maps it to the catalogue.
type RemarkCode string

// What the readers remark, with the rule that speaks of it and the arguments it needs.
const (
	HeaderMissing  RemarkCode = "header_missing"  // LST-01
	ColumnMissing  RemarkCode = "column_missing"  // LST-02; Args col
	HeaderRead     RemarkCode = "header_read"     // LST-03; Args h, field
	HeaderTwice    RemarkCode = "header_twice"    // LST-04; Args field, h1, h2
	NoRows         RemarkCode = "no_rows"         // LST-05
	NumberingJumps RemarkCode = "numbering_jumps" // LST-06; Args row, a, b
	HiddenPart     RemarkCode = "hidden_part"     // LST-07; Args what
	SeveralSheets  RemarkCode = "several_sheets"  // LST-08; Args n, s
	RowsSkipped    RemarkCode = "rows_skipped"    // LST-09; Args n
	MergedDown     RemarkCode = "merged_down"     // LST-10; Args cell
	CellUnusable   RemarkCode = "cell_unusable"   // LST-11; Args cell, v; N set: formula without value or error value
	TooManyRows    RemarkCode = "too_many_rows"   // LST-12; Args max
	RowStruck      RemarkCode = "row_struck"      // LST-13; Args row; N set
	ColumnDropped  RemarkCode = "column_dropped"  // ROW-16; Args h
	CodeDamaged    RemarkCode = "code_damaged"    // ROW-03; N set: stored as a number whose digits were lost
	TextNormalised RemarkCode = "text_normalised" // NAM-05; N set: blanks, invisible characters or NFD put right
	EthReplaced    RemarkCode = "eth_replaced"    // NAM-06; N set
	ColumnsCut     RemarkCode = "columns_cut"     // ENV-07; Args file, limit: what stands right of the limit was not read
	MacrosPresent  RemarkCode = "macros_present"  // ENV-05; Args file
	// Old encodings. EncodingConverted stands once for each column (N 0; Args h, enc, font, n), once for what stands around
	// the lists of a file (N 0; Args where, enc, font, n), and for every value that was converted (N set; Args raw, text: as
	// sent and as read, for the table side by side). Value.Raw of a row keeps what was sent, too.
	EncodingConverted RemarkCode = "encoding_converted" // ENC-01
	EncodingUnknown   RemarkCode = "encoding_unknown"   // ENC-02; N set: one cell, left as it was; N 0: Args h, or a line in Value
	LetterLost        RemarkCode = "letter_lost"        // ENC-03; a letter is missing after conversion (ư of TCVN3 is easily lost)
	ReplacementChars  RemarkCode = "replacement_chars"  // ENC-04; � or ? stands for letters
	FontMisleads      RemarkCode = "font_misleads"      // ENC-06; Args font: its name speaks of another encoding than the text
	CharsetRead       RemarkCode = "charset_read"       // ENC-05; Args enc: a text file that is not UTF-8
	SeveralLists      RemarkCode = "several_lists"      // ENV-08; Args n, files
	ListLeftOut       RemarkCode = "list_left_out"      // LST-08; Args s, why: "lookup", "incomplete", "deletes", "served", "staff" or "draft" (see form)
	LetterAmbiguous   RemarkCode = "letter_ambiguous"   // two files look like the letter; the first was taken
	ValueTaken        RemarkCode = "value_taken"        // LST-14; Args field (class, cohort), v, where (group_row, title, sheet_name, file_name, ditto): no column has it
	RowSplit          RemarkCode = "row_split"          // LST-15; N set; Args n: n people in the cells of one row, told apart line by line
	SeveralPeople     RemarkCode = "several_people"     // LST-16, rejects the row; N set; Args n: several in one row that cannot be told apart
	RowShifted        RemarkCode = "row_shifted"        // LST-17, rejects the row; N set; Args h, v: a value stands under another's heading
	ColumnsSwapped    RemarkCode = "columns_swapped"    // LST-18, rejects; Args h1, h2: the values of whole columns stand under each other's headings
	PartlyStruck      RemarkCode = "partly_struck"      // LST-22; N set; Args cell: a part of the text is struck through, so what is meant is not sure
	CellsWorkedOut    RemarkCode = "cells_worked_out"   // LST-20; Args cell, n: n formulas without values were worked out, the first at cell
	HeaderCarried     RemarkCode = "header_carried"     // LST-19; Args s: a table without a header was read by the header of the one before
	NoteBelow         RemarkCode = "note_below"         // LST-21; N set; Args v: a line outside of the table speaks of this code
)

// A Remark is one odd thing with its place. N is the row of the request, 0 for the whole.
type Remark struct {
	Code  RemarkCode
	N     int
	At    Place
	Value string
	Args  map[string]string
}
