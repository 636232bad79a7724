package app

import (
	"vanthu/bot/config"
	"vanthu/bot/reply"
	"vanthu/mailer/compose"
)

// BlankForm is the blank form BM-CNTT31 of a school, the letter and its list, filled with what the configuration knows.
func BlankForm(cfg *config.Config) ([]compose.Attachment, error) {
	return newLetters(cfg, "").writer.BlankForm(blankOf(cfg))
}

func blankOf(cfg *config.Config) reply.Blank {
	b := reply.Blank{Classes: cfg.Rules.Classes}
	for _, u := range cfg.Units {
		b.Units = append(b.Units, u.Name)
	}
	for _, c := range cfg.Rules.Codes {
		b.Codes = append(b.Codes, reply.Code{Pattern: c.Pattern, Shown: c.Shown})
	}
	return b
}
