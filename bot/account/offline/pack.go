package offline

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/template"
	"time"

	"filippo.io/age"

	"vanthu/bot"
	"vanthu/bot/store"
)

// A Head names a bundle and says what it carries out.
type Head struct {
	Number   string // "GT-2026-0001"
	Act      store.BundleAct
	Plan     string
	PlanHash string
	MadeAt   time.Time
	School   string
	Office   string
	Contact  string
}

// A Doc is one file of a bundle.
type Doc struct {
	Name string
	Data []byte
}

// A Sealer encrypts the data file for the other admin, in the format of age (age-encryption.org/v1), which opens it on Windows,
// Linux and macOS. The zero Sealer encrypts nothing.
type Sealer struct{ recipient age.Recipient }

// ToRecipient encrypts to a public key of age, "age1…".
func ToRecipient(key string) (Sealer, error) {
	r, err := age.ParseX25519Recipient(strings.TrimSpace(key))
	if err != nil {
		return Sealer{}, errors.New(`offline: the recipient is no public key of age ("age1…"; the other admin's age-keygen prints it)`)
	}
	return Sealer{r}, nil
}

// WithPassphrase encrypts with a passphrase that the other admin was given by another way.
func WithPassphrase(phrase string) (Sealer, error) {
	r, err := age.NewScryptRecipient(phrase)
	if err != nil {
		return Sealer{}, fmt.Errorf("offline: the passphrase: %w", err)
	}
	return Sealer{r}, nil
}

func (s Sealer) on() bool { return s.recipient != nil }

func (s Sealer) phrase() bool {
	_, ok := s.recipient.(*age.ScryptRecipient)
	return ok
}

func (s Sealer) seal(plain []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := age.Encrypt(&b, s.recipient)
	if err != nil {
		return nil, fmt.Errorf("offline: encrypt: %w", err)
	}
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("offline: encrypt: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("offline: encrypt: %w", err)
	}
	return b.Bytes(), nil
}

// dataName is the name of the data file of a bundle, as it lies in it.
func dataName(number, ext string, sealed bool) string {
	name := number + "." + ext
	if sealed {
		name += ".age"
	}
	return name
}

// Pack makes the files of a bundle: the data, the list of what is in it, the form for the answer, what is to be done, and the
// sums of all four with our signature over them.
func Pack(h Head, s Settings, sealer Sealer, key Key, file File) ([]Doc, error) {
	f, err := formOf(s, h.Act)
	if err != nil {
		return nil, err
	}
	if !f.hashed && !sealer.on() {
		return nil, fmt.Errorf("offline: a bundle of form %q holds passwords and must be encrypted", s.Form)
	}
	data := file.Data
	if sealer.on() {
		if data, err = sealer.seal(data); err != nil {
			return nil, err
		}
	}
	name := dataName(h.Number, f.ext, sealer.on())
	manifest, err := manifest(h, name, data, file)
	if err != nil {
		return nil, err
	}
	answer, err := answerForm(h, file)
	if err != nil {
		return nil, err
	}
	words, err := instructions(h, s, sealer, f, file)
	if err != nil {
		return nil, err
	}
	docs := []Doc{{name, data}, {h.Number + "-manifest.csv", manifest}, {h.Number + "-result.csv", answer}, {h.Number + "-HUONG-DAN.txt", words}}
	var sums bytes.Buffer
	for _, d := range docs {
		fmt.Fprintf(&sums, "%s  %s\n", Sum(d.Data), d.Name) // as sha256sum(1) writes and checks it
	}
	signature, err := key.Sign(sums.Bytes())
	if err != nil {
		return nil, err
	}
	return append(docs, Doc{sumsName, sums.Bytes()}, Doc{sumsName + ".sig", signature}), nil
}

const sumsName = "SHA256SUMS"

// Sum is the SHA-256 of a file, hex.
func Sum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// manifest says of each account what case and row it is for. It holds no password and no name.
func manifest(h Head, name string, data []byte, file File) ([]byte, error) {
	out, err := record("bundle", "plan", "plan_sha256", "file", "file_sha256", "content_sha256", "case", "row", "address", "marker", "act")
	if err != nil {
		return nil, err
	}
	sum, content := Sum(data), Sum(file.Data)
	for _, r := range file.Rows {
		line, err := record(h.Number, h.Plan, h.PlanHash, name, sum, content, r.Case, strconv.Itoa(r.N), r.Address, r.Marker, string(h.Act))
		if err != nil {
			return nil, err
		}
		out = append(out, line...)
	}
	return out, nil
}

// answerForm is what the other admin fills in where his platform gives no file of results: done or failed, and why. It begins with the mark, so
// that Excel keeps the reasons as he wrote them.
func answerForm(h Head, file File) ([]byte, error) {
	out, err := headed("bundle", "address", "status", "message")(Settings{}, 0)
	if err != nil {
		return nil, err
	}
	for _, r := range file.Rows {
		line, err := record(h.Number, r.Address, "", "")
		if err != nil {
			return nil, err
		}
		out = append(out, line...)
	}
	return out, nil
}

//go:embed huong-dan.tmpl
var instructionsText string

func instructions(h Head, s Settings, sealer Sealer, f form, file File) ([]byte, error) {
	t, err := template.New("").Parse(instructionsText)
	if err != nil {
		return nil, fmt.Errorf("offline: %w", err)
	}
	var b bytes.Buffer
	lock, _, _ := strings.Cut(s.Suspend, "=")
	vi, en := wordsOf(h.Act)
	passwords := h.Act == store.ActCreate || h.Act == store.ActReset
	err = t.Execute(&b, map[string]any{"H": h, "S": s, "Rows": len(file.Rows), "Sealed": sealer.on(), "Phrase": sealer.phrase(), "Sums": sumsName,
		"Data": h.Number + "." + f.ext, "File": dataName(h.Number, f.ext, sealer.on()), "Content": Sum(file.Data), "Where": f.describe, "Signer": signer, "Namespace": namespace,
		"Plain": f.plain, "CSV": f.ext == "csv", "ByHand": f.plain || s.Form == Google && h.Act == store.ActReset, "Secrets": passwords, "Hashes": passwords && f.hashed,
		"Lock": lock, "Vi": vi, "En": en, "VI": strings.ToUpper(vi), "EN": strings.ToUpper(en), "Day": h.MadeAt.In(bot.ICT).Format("02/01/2006 15:04")})
	if err != nil {
		return nil, fmt.Errorf("offline: %w", err)
	}
	return b.Bytes(), nil
}

// wordsOf says what an act is, for the other admin.
func wordsOf(act store.BundleAct) (vi, en string) {
	switch act {
	case store.ActReset:
		return "đặt mật khẩu mới", "set new passwords"
	case store.ActSuspend:
		return "tạm khoá tài khoản", "suspend the accounts"
	case store.ActRestore:
		return "mở khoá tài khoản", "let them sign in again"
	case store.ActErase:
		return "xoá tài khoản", "erase the accounts"
	case store.ActCreate:
	}
	return "tạo tài khoản", "make the accounts"
}

// Export writes the files of a bundle into a new folder below dir, readable by its owner alone, and returns its name. What is
// there already is not touched: it may have been handed over.
func Export(dir, number string, docs []Doc) (string, error) {
	folder := dir + string(os.PathSeparator) + number
	if err := os.Mkdir(folder, 0o700); err != nil {
		return "", fmt.Errorf("offline: export: %w", err)
	}
	for _, d := range docs {
		f, err := os.OpenFile(folder+string(os.PathSeparator)+d.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return "", fmt.Errorf("offline: export: %w", err)
		}
		_, err = f.Write(d.Data)
		if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
			return "", fmt.Errorf("offline: export: %w", err)
		}
	}
	return folder, nil
}
