// Package http has the name of a package of the standard library.
package http

import "time"

// Client waits.
type Client struct {
	Wait  time.Duration
	Other [7]int
}

// Default is the only one.
var Default = &Client{Wait: time.Second}
