package config

import _ "embed"

// Template is the commented file that `vanthu init` writes. Its "<…>" must be filled in before it loads.
//
//go:embed vanthu.toml
var Template string
