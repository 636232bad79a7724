package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"runtime"
	"slices"
	"time"

	"vanthu/bot"
	"vanthu/bot/config"
	"vanthu/bot/intake"
	"vanthu/bot/reply"
	"vanthu/bot/rules"
	"vanthu/bot/sandbox"
	"vanthu/mailer/signature"
	"vanthu/parser"
	"vanthu/parser/form"
)

// A foreignJob is work on foreign bytes for a child: files to be read or, with Mark, a list to be marked. The bytes of the
// files travel beside it.
type foreignJob struct {
	Files  []parser.File
	Limits parser.Limits
	Mark   *markJob
	Signed []intake.Signed // to be verified; nothing else is done
}

type markJob struct {
	Office  reply.Office
	Request bot.Request
}

// A foreignResult is what came of a job. Files is nil when they are as they were, otherwise their bytes travel beside it;
// so does the marked list, none when it cannot be marked.
type foreignResult struct {
	Files      []parser.File
	Submission parser.Submission
	Signatures []signature.Signature
}

// ServeForeign is the life of a child process: what `vanthu serve` starts itself with to read the files of strangers.
func ServeForeign(r io.Reader, w io.Writer) error {
	return sandbox.Serve(r, w, func(j foreignJob, data [][]byte) (result foreignResult, out [][]byte) {
		if len(j.Signed) > 0 {
			for i := range j.Signed {
				j.Signed[i].Content, j.Signed[i].Data = data[2*i], data[2*i+1]
			}
			result.Signatures = intake.FindSignatures(j.Signed)
			return result, nil
		}
		for i := range j.Files {
			j.Files[i].Data = data[i]
		}
		if j.Mark == nil {
			files, sub := intake.ReadFiles(j.Files, j.Limits)
			if !slices.EqualFunc(files, j.Files, func(a, b parser.File) bool { return a.Name == b.Name && len(a.Data) == len(b.Data) }) {
				result.Files, out = withoutData(files)
			}
			result.Submission = sub
			return result, out
		}
		writer := reply.New(j.Mark.Office, rules.Text, rules.Remedy)
		if marked, err := markList(writer, j.Files[0], j.Limits, j.Mark.Request); err == nil { // what cannot be marked is shown otherwise
			out = [][]byte{marked}
		}
		return result, out
	})
}

// withoutData takes the bytes out of files.
func withoutData(files []parser.File) (bare []parser.File, data [][]byte) {
	bare = slices.Clone(files)
	for i := range bare {
		data = append(data, bare[i].Data)
		bare[i].Data = nil
	}
	return bare, data
}

// readers hands foreign bytes to children.
type readers struct {
	pool   *sandbox.Pool[foreignJob, foreignResult]
	limits parser.Limits
}

// childJobs is after how many jobs a child is replaced: what a reader leaks does not grow for ever.
const childJobs = 5000

func newReaders(cfg config.Limits, limits parser.Limits, child func() *exec.Cmd, logger *slog.Logger) (*readers, error) {
	size := cfg.Readers
	if size == 0 {
		size = max(2, runtime.NumCPU())
	}
	r := &readers{limits: limits, pool: sandbox.New[foreignJob, foreignResult](sandbox.Config{
		Command: child, Size: size, Memory: int64(cfg.ReaderMB) << 20, Timeout: time.Duration(cfg.ReaderSeconds) * time.Second, Jobs: childJobs,
		Lost: func(d sandbox.Death) { logger.Warn("reader_lost", "code", string(d.Cause)) },
	})}
	if err := r.pool.Check(); err != nil {
		return nil, errors.Join(fmt.Errorf("app: no process for reading attachments can be started: %w", err), r.pool.Close())
	}
	return r, nil
}

// read reads the files of one mail. When a child dies of them, each is read alone to find those at fault: they become
// Problems, and the others are read as if nothing had happened.
func (r *readers) read(ctx context.Context, files []parser.File) ([]parser.File, parser.Submission, error) {
	read, sub, err := r.once(ctx, files)
	death, dead := errors.AsType[*sandbox.Death](err)
	if !dead {
		return read, sub, err
	}
	tame, err := r.tame(ctx, files, problemOf(death))
	if err != nil {
		return nil, sub, err
	}
	read, sub, err = r.once(ctx, tame)
	if death, dead = errors.AsType[*sandbox.Death](err); !dead {
		return read, sub, err
	}
	for i := range tame { // together they are too much: none is read
		tame[i] = parser.File{Name: files[i].Name, Problem: problemOf(death)}
	}
	return tame, form.Read(tame, r.limits), nil
}

func (r *readers) once(ctx context.Context, files []parser.File) ([]parser.File, parser.Submission, error) {
	bare, data := withoutData(files)
	result, out, err := r.pool.Do(ctx, foreignJob{Files: bare, Limits: r.limits}, data...)
	if result.Files != nil {
		files = result.Files
		for i := range files {
			files[i].Data = out[i]
		}
	}
	return files, result.Submission, err
}

// tame returns the files with those taken out that kill a child alone. Looking for them is bounded, too: what is not looked
// at by then is taken to be like the others.
func (r *readers) tame(ctx context.Context, files []parser.File, problem *parser.Problem) ([]parser.File, error) {
	tame := append([]parser.File(nil), files...)
	if len(files) == 1 {
		tame[0] = parser.File{Name: files[0].Name, Problem: problem}
		return tame, nil
	}
	const most = 4
	deaths, largest := 0, 0
	for i, f := range files {
		if len(f.Data) > len(files[largest].Data) {
			largest = i
		}
		if deaths == most {
			tame[i] = parser.File{Name: f.Name, Problem: problem}
			continue
		}
		_, _, err := r.once(ctx, files[i:i+1])
		death, dead := errors.AsType[*sandbox.Death](err)
		switch {
		case dead:
			deaths++
			tame[i] = parser.File{Name: f.Name, Problem: problemOf(death)}
		case err != nil:
			return nil, err
		}
	}
	if deaths == 0 { // each alone is just bearable
		tame[largest] = parser.File{Name: files[largest].Name, Problem: problem}
	}
	return tame, nil
}

// problemOf says what a unit is told of a file that killed its reader (ENV-07).
func problemOf(d *sandbox.Death) *parser.Problem {
	switch d.Cause {
	case sandbox.Hungry:
		return parser.BeyondBytes(d.Memory, "bộ nhớ khi đọc")
	case sandbox.Slow:
		return parser.Beyond(int(d.Timeout/time.Second), "giây để đọc")
	case sandbox.Crashed:
	}
	return parser.Damage("the reader died of it")
}

// verify verifies signatures. What kills a child is a signature that cannot be read.
func (r *readers) verify(ctx context.Context, signed []intake.Signed) ([]signature.Signature, error) {
	bare := slices.Clone(signed)
	var data [][]byte
	for i := range bare {
		data = append(data, bare[i].Content, bare[i].Data)
		bare[i].Content, bare[i].Data = nil, nil
	}
	result, _, err := r.pool.Do(ctx, foreignJob{Signed: bare}, data...)
	if _, dead := errors.AsType[*sandbox.Death](err); !dead {
		return result.Signatures, err
	}
	if len(signed) == 1 {
		return []signature.Signature{{File: signed[0].File, Fault: signature.Unreadable}}, nil
	}
	var found []signature.Signature
	for i := range signed {
		one, err := r.verify(ctx, signed[i:i+1])
		if err != nil {
			return nil, err
		}
		found = append(found, one...)
	}
	return found, nil
}

// mark marks a unit's own list; the error says that it cannot be.
func (r *readers) mark(office reply.Office, list bot.ListFile, req bot.Request) ([]byte, error) {
	_, out, err := r.pool.Do(context.Background(), foreignJob{Files: []parser.File{{Name: list.Name}}, Limits: r.limits, Mark: &markJob{office, req}}, list.Data)
	if err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, bot.Errorf(bot.Invalid, "the list cannot be marked")
	}
	return out[0], nil
}
