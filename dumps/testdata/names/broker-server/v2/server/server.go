// Package server lies below a version element.
package server

import "sync"

// Client is read by one goroutine.
type Client struct {
	ID    int
	Inbox chan *Message
	Acc   []byte
	on    func(*Message)
}

// Message is what a client reads.
type Message struct{ Subject string }

// Last is the newest client.
var Last *Client

var pool = map[string]*Message{}

// NewClient makes one.
func NewClient(id int) *Client {
	Last = &Client{ID: id, Inbox: make(chan *Message, 4), Acc: make([]byte, 100)}
	Last.Inbox <- &Message{"first"}
	Last.on = func(m *Message) { pool[m.Subject] = m; Last.ID++ }
	pool["kept"] = &Message{"kept"}
	return Last
}

// ReadLoop waits for ever, its locals live.
func (c *Client) ReadLoop(started *sync.WaitGroup) {
	acc := make([]byte, 64)
	message := <-c.Inbox
	started.Done()
	c.readMore(acc, message)
	c.on(message)
}

//go:noinline
func (c *Client) readMore(acc []byte, message *Message) {
	never := make(chan int)
	<-never
	acc[0] = byte(len(message.Subject))
}

// Fail dies of a nil pointer.
//
//go:noinline
func (c *Client) Fail() {
	var m *Message
	m.Subject = "nobody"
}
