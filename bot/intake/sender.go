package intake

import (
	"time"

	"vanthu/bot"
	"vanthu/bot/store"
	"vanthu/mailer/trust"
)

// patience is how long a mail waits for the DNS before it is judged without it. Four hours are longer than a name server's
// bad night and shorter than the day in which a unit is answered.
const patience = 4 * time.Hour

// notEntitled tells the officer of a stranger, and whom he could be taken for.
func notEntitled(v trust.Verdict) string {
	const why = "the sender is not an entitled unit"
	if v.Notes == "" {
		return why
	}
	return why + "; " + v.Notes
}

// waitsForDNS is the error of a unit's mail that the DNS could still prove; nil when it has waited long enough.
func (in *Intake) waitsForDNS(m store.Mail, v trust.Verdict) error {
	if !v.Temporary || in.DB.Now().Sub(m.SeenAt) > patience {
		return nil
	}
	in.Logger.Warn("waits", "mail", m.ID, "code", "dns_away")
	return bot.Errorf(bot.Temporary, "the DNS does not say now who sent mail %d", m.ID)
}
