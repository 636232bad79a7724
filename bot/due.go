package bot

// A Due is one step of one case that runs, and whose it is.
type Due struct {
	Case    Case   `json:"case"`
	Limit   Limit  `json:"limit"`
	Rows    int    `json:"rows"`
	Plan    string `json:"plan,omitempty"`    // the plan that waits for approval with it
	Reminds int    `json:"reminds,omitempty"` // how often the unit was reminded
}
