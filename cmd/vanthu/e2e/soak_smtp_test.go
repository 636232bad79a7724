//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"
)

var smtpFates = []string{"", "", "", "", "", "greeting", "mail", "data", "data", "dot", "dot", "dot", "early"}

var messageID = regexp.MustCompile(`(?im)^Message-ID:\s*(<[^>\r\n]+>)`)

// smtp is one submission connection: the proxy does STARTTLS with both sides, then carries commands and replies in turn.
// vanthu does not pipeline.
func (c *cutter) smtp(address string) func(net.Conn) {
	return func(raw net.Conn) {
		server, err := net.Dial("tcp", address)
		if err != nil {
			_ = raw.Close()
			return
		}
		p := &smtpWire{wire: wire{c: c, client: raw, server: server}}
		p.fate, p.where = c.draw(smtpFates)
		defer p.end()
		p.talk()
	}
}

type smtpWire struct {
	wire
	fate     string
	where    float64
	messages int

	fromClient, fromServer *bufio.Reader
}

func (p *smtpWire) buffer() {
	p.fromClient, p.fromServer = bufio.NewReaderSize(p.client, 64<<10), bufio.NewReaderSize(p.server, 64<<10)
}

// reply reads one reply of the server (RFC 5321 §4.2.1).
func (p *smtpWire) reply() (text []byte, code string) {
	for {
		line, err := p.fromServer.ReadBytes('\n')
		if err != nil {
			return nil, ""
		}
		text = append(text, line...)
		if len(line) < 4 || line[3] != '-' {
			return text, string(line[:min(3, len(line))])
		}
	}
}

func (p *smtpWire) talk() {
	p.buffer()
	if p.fate == "greeting" {
		p.cut("before the greeting")
		return
	}
	text, code := p.reply()
	if code == "" || !p.answer(text) {
		return
	}
	// A kept connection carries several messages: the cut falls on one of the first three.
	target := int(p.where * 3)
	for {
		line, err := p.fromClient.ReadBytes('\n')
		if err != nil {
			return
		}
		verb := strings.ToUpper(string(line[:min(4, len(line))]))
		if _, err := p.server.Write(line); err != nil {
			return
		}
		if text, code = p.reply(); code == "" {
			return
		}
		if verb == "MAIL" && p.fate == "mail" && p.messages == target {
			p.cut("after MAIL FROM")
			return
		}
		if !p.answer(text) {
			return
		}
		switch {
		case verb == "STAR" && code == "220":
			upstream := tls.Client(p.server, p.c.upstream)
			p.client, p.server = tls.Server(p.client, p.c.shown), upstream
			p.buffer()
		case verb == "DATA" && code == "354":
			if !p.message(p.messages == target) {
				return
			}
			p.messages++
		}
	}
}

func (p *smtpWire) answer(text []byte) bool {
	_, err := p.client.Write(text)
	return err == nil
}

// message carries one mail up to the reply to its final dot. aimed: the fate of the connection falls on this one.
func (p *smtpWire) message(aimed bool) bool {
	id, header, sent := "", true, 0
	for {
		line, err := p.fromClient.ReadBytes('\n')
		if err != nil {
			return false
		}
		if header {
			if found := messageID.FindSubmatch(line); found != nil {
				id = string(found[1])
			}
			header = len(bytes.TrimSpace(line)) > 0
		}
		if aimed && p.fate == "data" && !header && sent > int(p.where*9000)%3000 {
			_, _ = p.server.Write(line[:len(line)/2])
			p.cut("within the message", id, "after", sent)
			return false
		}
		if _, err := p.server.Write(line); err != nil {
			return false
		}
		sent += len(line)
		if string(line) == ".\r\n" {
			break
		}
	}
	if aimed && p.fate == "early" {
		p.dot(id, dot{At: time.Now(), Uncertain: true})
		p.cut("at the final dot, without waiting", id)
		return false
	}
	at := time.Now()
	text, code := p.reply()
	lost := aimed && p.fate == "dot"
	p.dot(id, dot{At: at, Accepted: code == "250", Uncertain: code == "", Cut: lost})
	if code == "" {
		return false
	}
	if lost {
		p.cut("after the final dot, before the reply", id, code)
		return false
	}
	return p.answer(text)
}

func (p *smtpWire) dot(id string, d dot) {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	p.c.dots[id] = append(p.c.dots[id], d)
}

// sent returns the transmissions of a letter.
func (c *cutter) sent(id string) []dot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.dots[id])
}
