package reply

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"vanthu/bot"
)

const testPassphrase = "năm từ rời nhau làm một cụm"

func credentialsWith(password string) CredentialSheet {
	return CredentialSheet{Case: "YC-2026-0042", Unit: "Phòng Công tác sinh viên", Accounts: []Credential{
		{STT: "1", Code: "0053010345", Name: "Lý Thị Vân Vy", Class: "Y/A K51", Cohort: "K51", User: "0053010345", Address: "0053010345@sv.truong.example", Password: []byte(password)},
		{STT: "2", Code: "2153010346", Name: "=1+1", Class: "yA*K51", Cohort: "K51", User: "2153010346", Address: "2153010346@sv.truong.example", Password: []byte("=" + password)},
		{STT: "3", Code: "2153010347", Name: "Vũ Thị Trang", Class: "Y/A K51", Cohort: "K51", User: "2153010347", Address: "2153010347@sv.truong.example", Password: []byte("007")},
		{STT: "4", Code: "2153010348", Name: "Đỗ Văn Nam", Cohort: "K51", User: "2153010348", Address: "2153010348@sv.truong.example", Password: []byte("@x-" + password)},
	}}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	data, err := letterCase{}.writer().Credentials(credentialsWith("mật-khẩu-1"), testPassphrase)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := excelize.OpenReader(bytes.NewReader(data)); err == nil {
		t.Error("the workbook opens without a passphrase")
	}
	if _, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{Password: testPassphrase + "!"}); err == nil {
		t.Error("the workbook opens with a wrong passphrase")
	}
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{Password: testPassphrase})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Hướng dẫn", "Y-A K51", "yA-K51", "Chưa ghi lớp"}, f.GetSheetList()); diff != "" {
		t.Error(diff)
	}
	rows, err := f.GetRows("Y-A K51")
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"STT", "Mã số", "Họ và tên", "Lớp", "Khóa", "Tên đăng nhập", "Địa chỉ email", "Mật khẩu ban đầu"},
		{"1", "0053010345", "Lý Thị Vân Vy", "Y/A K51", "K51", "0053010345", "0053010345@sv.truong.example", "mật-khẩu-1"},
		{"3", "2153010347", "Vũ Thị Trang", "Y/A K51", "K51", "2153010347", "2153010347@sv.truong.example", "007"},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	for _, cell := range []string{"A2", "B2", "C2", "H2"} {
		kind, err := f.GetCellType("yA-K51", cell)
		if err != nil || kind != excelize.CellTypeSharedString {
			t.Errorf("%s is not a text: %v, %v", cell, kind, err)
		}
	}
}

func TestUserNames(t *testing.T) {
	t.Parallel()
	data, err := letterCase{}.writer().UserNames(credentialsWith("bí-mật-bí-mật"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(unpacked(t, data), "bí-mật") {
		t.Error("a password stands in the workbook of user names")
	}
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Y-A K51", "yA-K51", "Chưa ghi lớp"}, f.GetSheetList()); diff != "" {
		t.Error(diff)
	}
}

func TestPain32NoBlankPasswordGoesOut(t *testing.T) {
	t.Parallel()
	w := letterCase{}.writer()
	const canary = "CANARY-mk"
	for name, tt := range map[string]struct {
		sheet      CredentialSheet
		passphrase string
	}{
		"empty passphrase":   {credentialsWith(canary), ""},
		"eleven characters":  {credentialsWith(canary), "mười-một-kí"},
		"blanks only":        {credentialsWith(canary), strings.Repeat(" ", 20)},
		"line end of a file": {credentialsWith(canary), testPassphrase + "\n"},
		"too long":           {credentialsWith(canary), strings.Repeat("x", 256)},
		"no password":        {CredentialSheet{Accounts: []Credential{{Code: "1"}}}, testPassphrase},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := w.Credentials(tt.sheet, tt.passphrase)
			if bot.ErrorCode(err) != bot.Invalid || data != nil {
				t.Fatalf("%d bytes, %v", len(data), err)
			}
			if tt.passphrase != "" && strings.Contains(err.Error(), tt.passphrase) || strings.Contains(err.Error(), canary) {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

func TestSheetNames(t *testing.T) {
	t.Parallel()
	names := sheetNames{}
	long := strings.Repeat("Lớp Y ", 10)
	for _, tt := range [][2]string{
		{"YAK51", "YAK51"}, {"yak51", "yak51 (2)"}, {"a/b:c", "a-b-c"}, {"''", "Chưa ghi lớp"}, {"history", "history (1)"},
		{long, "Lớp Y Lớp Y Lớp Y Lớp Y Lớp Y L"}, {long, "Lớp Y Lớp Y Lớp Y Lớp Y Lớp (2)"}, {strings.Repeat("🎓", 20), strings.Repeat("🎓", 15)},
	} {
		if got := names.take(tt[0], "Chưa ghi lớp"); got != tt[1] {
			t.Errorf("take(%q) = %q, want %q", tt[0], got, tt[1])
		}
	}
}

// The file is made for programs that are not ours: LibreOffice, and Python's msoffcrypto as a second opinion.
func TestCredentialsOpenElsewhere(t *testing.T) {
	t.Parallel()
	const passphrase = "cum-mat-khau-cua-don-vi"
	data, err := letterCase{}.writer().Credentials(credentialsWith("mật-khẩu-1"), passphrase)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "mat-khau.xlsx")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("msoffcrypto", func(t *testing.T) {
		t.Parallel()
		python := pythonWith(t, "msoffcrypto", "python3-msoffcrypto-tool")
		open := func(passphrase string) ([]byte, error) {
			const script = `import msoffcrypto, sys
f = msoffcrypto.OfficeFile(open(sys.argv[1], "rb"))
f.load_key(password=sys.argv[2], verify_password=True)
f.decrypt(sys.stdout.buffer)`
			return exec.CommandContext(t.Context(), python, "-c", script, file, passphrase).Output()
		}
		if _, err := open(passphrase + "x"); err == nil {
			t.Error("opens with a wrong passphrase")
		}
		opened, err := open(passphrase)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(unpacked(t, opened), "mật-khẩu-1") {
			t.Error("the password is not in the opened workbook")
		}
	})
	t.Run("LibreOffice", func(t *testing.T) {
		t.Parallel()
		python := pythonWith(t, "uno", "python3-uno")
		open := func(passphrase string) (string, error) {
			out, err := exec.CommandContext(t.Context(), python, "testdata/libreoffice_open.py", file, passphrase, t.TempDir()).Output()
			return string(out), err
		}
		if text, err := open(passphrase + "x"); err == nil || strings.Contains(text, "0053010345") {
			t.Error("opens with a wrong passphrase")
		}
		text, err := open(passphrase)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"# Hướng dẫn", "# Y-A K51", "\n1|0053010345|Lý Thị Vân Vy|", "|mật-khẩu-1\n", "|007\n", "|=1+1|", "|=mật-khẩu-1\n",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("LibreOffice does not show %q in:\n%s", want, text)
			}
		}
	})
}

// pythonWith is a Python that has the module; the test is skipped when no machine's Python does.
func pythonWith(t *testing.T, module, debian string) string {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(t.Context(), python, "-c", "import "+module).Run() == nil {
			return python
		}
	}
	t.Skipf("Python's %s (Debian %s) is not on this machine", module, debian)
	return ""
}

// libreOffice runs soffice without a window, with a profile of its own so that several can run at once.
func libreOffice(t *testing.T, dir string, args ...string) ([]byte, error) {
	t.Helper()
	soffice, err := exec.LookPath("soffice")
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("LibreOffice (soffice) is not on this machine")
	}
	args = append([]string{"-env:UserInstallation=file://" + filepath.Join(dir, "profile"), "--headless"}, args...)
	return exec.CommandContext(t.Context(), soffice, args...).CombinedOutput()
}

// unpacked is the text of all parts of a workbook.
func unpacked(t *testing.T, data []byte) string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, part := range r.File {
		content, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&all, part.Name)
		if _, err := io.Copy(&all, content); err != nil {
			t.Fatal(err)
		}
		if err := content.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}
