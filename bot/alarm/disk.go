package alarm

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Space is what is left on the file system of a folder.
type Space struct {
	Folder string `json:"folder"`
	MB     int64  `json:"mb"`
	Inodes int64  `json:"inodes"` // -1: the file system does not count them
}

// Free asks for the space that is left for us on the file system of a folder.
func Free(folder string) (Space, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(folder, &fs); err != nil {
		return Space{}, fmt.Errorf("alarm: %s: %w", folder, err)
	}
	s := Space{Folder: folder, MB: int64(fs.Bavail) * int64(fs.Bsize) >> 20, Inodes: -1} //nolint:unconvert // their types differ between systems
	if fs.Files > 0 {
		s.Inodes = int64(fs.Ffree) //nolint:unconvert // as above
	}
	return s, nil
}

// Writable writes a small file into a folder and takes it away again: a quota, a limit or a broken disk shows in nothing
// else.
func Writable(folder string) (err error) {
	f, err := os.CreateTemp(folder, ".vanthu-alarm-*")
	if err != nil {
		return fmt.Errorf("alarm: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.Write(make([]byte, 64<<10))
	return errors.Join(err, f.Sync(), f.Close())
}
