package alarm

import (
	"context"
	"time"

	"vanthu/bot/store"
)

// Tell tells one alarm, as Run does beside its turns.
func (a *Alarms) Tell(ctx context.Context, row store.Alarm) { a.tell(ctx, row) }

// Pauses sets the pauses between tries of a channel.
func (a *Alarms) Pauses(pauses ...time.Duration) { a.pauses = pauses }
