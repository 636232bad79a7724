package main

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"vanthu/mailer/mime"
)

// mailBesideFiles names a mail that was given together with other files.
type mailBesideFiles string

func (m mailBesideFiles) Error() string { return string(m) + " is a mail: check it alone" }

// unread says in the report's language why nothing could be checked. What is not expected here stays in the words of the
// machine.
func (r *report) unread(err error) string {
	if mail, ok := errors.AsType[mailBesideFiles](err); ok {
		return fmt.Sprintf(r.say("Tệp %s là một thư: đề nghị kiểm tra riêng thư này.", "The file %s is a mail: please check it alone."), string(mail))
	}
	if limit, ok := errors.AsType[*mime.LimitError](err); ok {
		return r.overLimit(limit)
	}
	if errors.Is(err, mime.ErrEmpty) {
		return r.say("Thư không có nội dung.", "The mail is empty.")
	}
	path, ok := errors.AsType[*fs.PathError](err)
	if !ok {
		return r.say("Không đọc được thư: ", "The mail cannot be read: ") + err.Error()
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf(r.say("Không tìm thấy tệp %s.", "There is no file %s."), path.Path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf(r.say("Không được phép đọc tệp %s.", "The file %s may not be read."), path.Path)
	case errors.Is(err, syscall.EISDIR):
		return fmt.Sprintf(r.say("%s là một thư mục: đề nghị nêu tên từng tệp.", "%s is a folder: please name the files."), path.Path)
	}
	return fmt.Sprintf(r.say("Không đọc được tệp %s: %v", "The file %s cannot be read: %v"), path.Path, path.Err)
}

func (r *report) overLimit(l *mime.LimitError) string {
	switch l.What {
	case "size":
		return fmt.Sprintf(r.say("Thư lớn hơn giới hạn %d MB.", "The mail is over the limit of %d MB."), l.Limit>>20)
	case "parts":
		return fmt.Sprintf(r.say("Thư có nhiều hơn %d phần.", "The mail has more than %d parts."), l.Limit)
	case "depth":
		return fmt.Sprintf(r.say("Các phần của thư lồng nhau sâu hơn %d lớp.", "The parts of the mail are nested deeper than %d."), l.Limit)
	}
	return fmt.Sprintf(r.say("Phần đầu của thư dài hơn %d byte.", "The header of the mail is over %d bytes."), l.Limit)
}
