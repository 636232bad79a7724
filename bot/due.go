package bot

// A Due is one step of one case that runs, and whose it is.
type Due struct {
	Case    Case   `json:"case"`
	Limit   Limit  `json:"limit"`
	Rows    int    `json:"rows"`
	Plan    string `json:"plan,omitempty"`    // the plan that waits for approval with it
	Reminds int    `json:"reminds,omitempty"` // how often the unit was reminded
}

// A Digest is what one officer is told of the time limits, in one mail (M08).
type Digest struct {
	Name    string // the officer's
	Items   []DigestItem
	Open    int   // cases
	Overdue int   // cases with a step that is
	Years   []int // whose official days off are missing
}

// A DigestItem is one step in a digest.
type DigestItem struct {
	Due
	UnitName string
	Officer  string // the name of who has the case, "" nobody
	New      bool   // the person has not been told of this stage before
}
