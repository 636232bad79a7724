package sandbox

import (
	"bufio"
	"encoding/gob"
	"io"
)

// A wire carries messages in both directions: a value, then bytes that are large and of no interest to gob.
type wire struct {
	in  *bufio.Reader // gob reads no further than it must from a ByteReader
	out *bufio.Writer
	enc *gob.Encoder
	dec *gob.Decoder
}

func newWire(r io.Reader, w io.Writer) *wire {
	x := &wire{in: bufio.NewReaderSize(r, 64<<10), out: bufio.NewWriterSize(w, 64<<10)}
	x.enc, x.dec = gob.NewEncoder(x.out), gob.NewDecoder(x.in)
	return x
}

func (x *wire) send(value any, data [][]byte) error {
	if err := x.write(value, data); err != nil {
		return err
	}
	return x.out.Flush()
}

// write sends a message but for its last bytes.
func (x *wire) write(value any, data [][]byte) error {
	sizes := make([]int, len(data))
	for i, d := range data {
		sizes[i] = len(d)
	}
	if err := x.enc.Encode(value); err != nil {
		return err
	}
	if err := x.enc.Encode(sizes); err != nil {
		return err
	}
	for _, d := range data {
		if _, err := x.out.Write(d); err != nil {
			return err
		}
	}
	return nil
}

// receive fills value and returns the bytes that came with it. Both ends are this program, so sizes are believed.
func (x *wire) receive(value any) ([][]byte, error) {
	if err := x.dec.Decode(value); err != nil {
		return nil, err
	}
	var sizes []int
	if err := x.dec.Decode(&sizes); err != nil {
		return nil, err
	}
	data := make([][]byte, len(sizes))
	for i, n := range sizes {
		data[i] = make([]byte, n)
		if _, err := io.ReadFull(x.in, data[i]); err != nil {
			return nil, err
		}
	}
	return data, nil
}
