package pdf

import (
	"bytes"
	"compress/zlib"
	"encoding/ascii85"
	"encoding/hex"
	"io"
	"regexp"
	"slices"
	"strconv"

	"vanthu/parser"
)

// maxObjects bounds object numbers; files of office programs have some hundreds.
const maxObjects = 1_000_000

// A file finds and resolves the objects of a PDF.
type file struct {
	data     []byte
	locker   *locker
	locked   bool        // there is a password
	offset   map[int]int // object number → where its body begins; the last one in the file counts (§7.5.6)
	gen      map[int]int // generations other than 0
	packed   map[int]any // objects out of object streams (§7.5.7)
	cache    map[int]any
	busy     map[int]bool // being loaded: a reference back to it is null
	unpacked int64        // bytes that may still be unpacked
	limit    int64
	problem  *parser.Problem // the first limit that was hit
}

var objectRE = regexp.MustCompile(`(\d{1,7})[ \t\r\n\f]+(\d{1,5})[ \t\r\n\f]+obj\b`)

func newFile(data []byte, lim parser.Limits) *file {
	f := &file{
		data: data, offset: map[int]int{}, gen: map[int]int{}, packed: map[int]any{}, cache: map[int]any{}, busy: map[int]bool{},
		unpacked: lim.Unpacked, limit: lim.Unpacked,
	}
	var order []int
	for _, m := range objectRE.FindAllSubmatchIndex(data, -1) {
		n, err := strconv.Atoi(string(data[m[2]:m[3]]))
		if err != nil || n >= maxObjects {
			continue
		}
		f.offset[n] = m[1]
		delete(f.gen, n)
		if gen, err := strconv.Atoi(string(data[m[4]:m[5]])); err == nil && gen > 0 {
			f.gen[n] = gen
		}
		order = append(order, n)
	}
	if d := f.trailer("Encrypt"); d != nil {
		f.locker = f.newLocker(f.dict(d))
		f.locked = f.locker == nil
	}
	slices.SortFunc(order, func(a, b int) int { return f.offset[a] - f.offset[b] })
	for _, n := range slices.Compact(order) {
		at := f.offset[n]
		if bytes.Contains(data[at:min(at+512, len(data))], []byte("ObjStm")) {
			f.unpackObjects(n)
		}
	}
	return f
}

// unpackObjects reads an object stream: pairs of number and offset, then the objects.
func (f *file) unpackObjects(n int) {
	s, ok := f.get(ref(n)).(stream)
	if !ok || f.get(s.dict["Type"]) != name("ObjStm") {
		return
	}
	body := f.decode(s)
	count, first := f.integer(s.dict["N"]), f.integer(s.dict["First"])
	table := &lexer{data: body}
	for range min(count, maxObjects) {
		num, ok1 := table.next()
		off, ok2 := table.next()
		if !ok1 || !ok2 {
			return
		}
		number, _ := num.(float64)
		offset, _ := off.(float64)
		at := first + int(offset)
		if at < 0 || at >= len(body) || number < 0 || number >= maxObjects {
			continue
		}
		if v, ok := (&lexer{data: body, pos: at}).next(); ok {
			f.packed[int(number)] = v
		}
	}
}

// get resolves references.
func (f *file) get(v any) any {
	for range 16 { // a reference to a reference to …
		r, ok := v.(ref)
		if !ok {
			return v
		}
		v = f.load(int(r))
	}
	return nil
}

func (f *file) load(n int) any {
	if v, ok := f.cache[n]; ok {
		return v
	}
	if f.busy[n] {
		return nil
	}
	f.busy[n] = true
	defer delete(f.busy, n)
	at, ok := f.offset[n]
	if !ok {
		return f.packed[n]
	}
	l := &lexer{data: f.data, pos: at}
	v, _ := l.next()
	if d, ok := v.(dict); ok {
		if w, _ := l.next(); w == keyword("stream") {
			v = stream{dict: d, raw: f.body(d, l.pos), num: n, gen: f.gen[n]}
		}
	}
	f.cache[n] = v
	return v
}

// body returns the bytes of a stream that begins at pos, by its length when that is true, else up to "endstream".
func (f *file) body(d dict, pos int) []byte {
	if pos < len(f.data) && f.data[pos] == '\r' {
		pos++
	}
	if pos < len(f.data) && f.data[pos] == '\n' {
		pos++
	}
	rest := f.data[min(pos, len(f.data)):]
	if n := f.integer(d["Length"]); n >= 0 && n <= len(rest) {
		if bytes.HasPrefix(bytes.TrimLeft(rest[n:min(n+16, len(rest))], "\r\n \t"), []byte("endstream")) {
			return rest[:n]
		}
	}
	if i := bytes.Index(rest, []byte("endstream")); i >= 0 {
		return rest[:i]
	}
	return rest
}

func (f *file) dict(v any) dict {
	switch v := f.get(v).(type) {
	case dict:
		return v
	case stream:
		return v.dict
	}
	return nil
}

func (f *file) array(v any) array {
	a, _ := f.get(v).(array)
	return a
}

func (f *file) number(v any) float64 {
	n, _ := f.get(v).(float64)
	return n
}

// integer returns a number as an int, bounded so that sums do not overflow.
func (f *file) integer(v any) int {
	n := f.number(v)
	if n != n || n > 1<<40 || n < -1<<40 {
		return -1
	}
	return int(n)
}

// trailer returns an entry of the last trailer that has it (§7.5.5, §7.5.8).
func (f *file) trailer(key name) any {
	var found any
	data := f.data
	for from := 0; ; {
		i := bytes.Index(data[from:], []byte("trailer"))
		if i < 0 {
			break
		}
		from += i + len("trailer")
		if d, ok := head(&lexer{data: data, pos: from}).(dict); ok && d[key] != nil {
			found = d[key]
		}
	}
	if found != nil {
		return found
	}
	for n, at := range f.offset {
		if bytes.Contains(data[at:min(at+512, len(data))], []byte("XRef")) {
			if s, ok := f.load(n).(stream); ok && s.dict["Type"] == name("XRef") && s.dict[key] != nil {
				found = s.dict[key]
			}
		}
	}
	return found
}

func head(l *lexer) any {
	v, _ := l.next()
	return v
}

// A page is a page's dictionary with what it inherits.
type page struct {
	dict      dict
	resources dict
	rotate    int
}

// pages walks the page tree (§7.7.3). Without a way from the catalogue every object that is a page is taken, by number.
func (f *file) pages() []page {
	w := pageWalk{f: f, seen: map[int]bool{}}
	w.walk(f.dict(f.trailer("Root"))["Pages"], page{}, 0)
	if len(w.pages) > 0 {
		return w.pages
	}
	var numbers []int
	for n := range f.offset {
		numbers = append(numbers, n)
	}
	for n := range f.packed {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for _, n := range slices.Compact(numbers) {
		if d := f.dict(ref(n)); d["Type"] == name("Page") {
			w.pages = append(w.pages, page{dict: d, resources: f.dict(d["Resources"]), rotate: f.integer(d["Rotate"])})
		}
		if len(w.pages) > maxPages {
			break
		}
	}
	return w.pages
}

type pageWalk struct {
	f     *file
	seen  map[int]bool
	pages []page
}

func (w *pageWalk) walk(v any, above page, depth int) {
	if r, ok := v.(ref); ok {
		if w.seen[int(r)] {
			return
		}
		w.seen[int(r)] = true
	}
	d := w.f.dict(v)
	if d == nil || depth > maxDepth || len(w.pages) > maxPages {
		return
	}
	if own := w.f.dict(d["Resources"]); own != nil {
		above.resources = own
	}
	if d["Rotate"] != nil {
		above.rotate = w.f.integer(d["Rotate"])
	}
	kids := w.f.array(d["Kids"])
	if kids == nil {
		above.dict = d
		w.pages = append(w.pages, above)
		return
	}
	for _, k := range kids {
		w.walk(k, above, depth+1)
	}
}

// decode applies the filters of a stream (§7.4). What cannot be decoded to its end is used as far as it goes; filters of
// pictures give nothing.
func (f *file) decode(s stream) []byte {
	filters := f.array(s.dict["Filter"])
	if n, ok := f.get(s.dict["Filter"]).(name); ok {
		filters = array{n}
	}
	data := s.raw
	if f.locker != nil && s.dict["Type"] != name("XRef") {
		data = f.locker.open(s)
	}
	for _, filter := range filters[:min(len(filters), 4)] {
		switch f.get(filter) {
		case name("FlateDecode"), name("Fl"):
			r, err := zlib.NewReader(bytes.NewReader(data))
			if err != nil {
				return nil
			}
			data = f.read(r)
		case name("ASCIIHexDecode"), name("AHx"):
			data = f.read(hex.NewDecoder(bytes.NewReader(bytes.Map(hexOnly, data))))
		case name("ASCII85Decode"), name("A85"):
			data, _, _ = bytes.Cut(bytes.TrimPrefix(bytes.TrimSpace(data), []byte("<~")), []byte("~>"))
			data = f.read(ascii85.NewDecoder(bytes.NewReader(data)))
		default:
			return nil
		}
	}
	return data
}

func hexOnly(r rune) rune {
	if '0' <= r && r <= '9' || 'a' <= r && r <= 'f' || 'A' <= r && r <= 'F' {
		return r
	}
	return -1
}

// read reads all of r, within what may still be unpacked of the file.
func (f *file) read(r io.Reader) []byte {
	out, _ := io.ReadAll(io.LimitReader(r, f.unpacked+1)) // an error at the end leaves what came before
	f.unpacked -= int64(len(out))
	if f.unpacked < 0 {
		f.problem, f.unpacked = parser.BeyondBytes(f.limit, "sau khi giải nén"), 0
		return nil
	}
	return out
}
