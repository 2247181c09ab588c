//go:build tools

// Package prometheus names what is built from this module, so that its go.mod has all of it.
package prometheus

import _ "github.com/prometheus/prometheus/cmd/prometheus"
