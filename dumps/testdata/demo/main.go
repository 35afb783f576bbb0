// demo is a small web shop that has forgotten to end its sessions: every login stays in a map for ever.
// It dies of a panic in a request handler, while other goroutines wait for a database that no longer answers.
// Usage: demo SESSIONS
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"

	"corescope.example/dumps/truth"
)

// A User is one customer.
type User struct {
	ID    int64
	Name  string
	Email string
	Roles []string
}

// A Session is kept from a login to a logout that never comes.
type Session struct {
	Token   string
	User    *User
	Started time.Time
	Cart    []*CartItem
	Draft   []byte // the body of the customer's last request
	onEnd   func(reason string)
}

// A CartItem is so many pieces of one article.
type CartItem struct {
	Article  *Article
	Quantity int
}

// An Article is something the shop sells.
type Article struct {
	SKU   string
	Title string
	Price int64
}

// SessionStore finds sessions by their token. Nothing ever deletes one.
type SessionStore struct {
	mu      sync.RWMutex
	byToken map[string]*Session
}

// A Request is what a customer asks for.
type Request struct {
	Path  string
	Token string
	Body  []byte
	reply chan Response
}

// A Response is what the customer gets.
type Response struct {
	Status int
	Body   string
}

// A Database is a connection that one goroutine at a time may use.
type Database struct {
	mu      sync.Mutex
	queries chan query
}
type query struct {
	text   string
	result chan []string
}

// Server is the whole shop.
type Server struct {
	sessions *SessionStore
	catalog  map[string]*Article
	database *Database
	handlers map[string]func(*Server, *Request) Response
	requests chan *Request
	recent   []*Request // a ring of the last requests
	handled  int
}

var server *Server

func newServer() *Server {
	s := &Server{
		sessions: &SessionStore{byToken: map[string]*Session{}},
		catalog:  map[string]*Article{},
		database: &Database{queries: make(chan query)},
		requests: make(chan *Request, 16),
		recent:   make([]*Request, 32),
	}
	for i := 0; i < 200; i++ {
		sku := fmt.Sprintf("sku-%03d", i)
		s.catalog[sku] = &Article{sku, "Article number " + strconv.Itoa(i), int64(i) * 99}
	}
	s.handlers = map[string]func(*Server, *Request) Response{
		"/login": (*Server).login, "/cart": (*Server).cart, "/report": (*Server).report, "/checkout": (*Server).checkout,
	}
	return s
}

func (s *Server) login(r *Request) Response {
	id := len(s.sessions.byToken)
	name := "customer-" + strconv.Itoa(id)
	user := &User{ID: int64(id), Name: name, Email: name + "@example.com", Roles: []string{"customer"}}
	session := &Session{Token: "token-" + strconv.Itoa(id), User: user, Started: time.Now(), Draft: r.Body}
	session.onEnd = func(reason string) { session.Draft = append(session.Draft, reason...) }
	for i := 0; i < id%4; i++ {
		session.Cart = append(session.Cart, &CartItem{s.catalog[fmt.Sprintf("sku-%03d", (id+i)%200)], i + 1})
	}
	s.sessions.mu.Lock()
	s.sessions.byToken[session.Token] = session
	s.sessions.mu.Unlock()
	return Response{200, session.Token}
}

func (s *Server) cart(r *Request) Response {
	s.sessions.mu.RLock()
	defer s.sessions.mu.RUnlock()
	return Response{200, strconv.Itoa(len(s.sessions.byToken[r.Token].Cart))}
}

// report asks the database, which answers nobody any more: each call keeps a goroutine and its request.
func (s *Server) report(r *Request) Response {
	s.database.mu.Lock()
	defer s.database.mu.Unlock()
	q := query{"select * from orders", make(chan []string)}
	s.database.queries <- q
	return Response{200, strings.Join(<-q.result, "\n")}
}

// checkout trusts that every token is known.
func (s *Server) checkout(r *Request) Response {
	session := s.sessions.byToken[r.Token]
	total := int64(0)
	for _, item := range session.Cart {
		total += item.Article.Price * int64(item.Quantity)
	}
	return Response{200, strconv.FormatInt(total, 10)}
}

func (s *Server) handle(r *Request) {
	s.recent[s.handled%len(s.recent)] = r
	s.handled++
	r.reply <- s.handlers[r.Path](s, r)
}

// serve answers logins and carts itself; what may take long gets a goroutine of its own.
func (s *Server) serve() {
	for r := range s.requests {
		switch r.Path {
		case "/report":
			go s.handle(r)
		default:
			s.handle(r)
		}
	}
}

// evict would have ended old sessions; its ticker is an hour, and the shop never gets that old.
func (s *Server) evict() {
	for range time.NewTicker(time.Hour).C {
		s.sessions.mu.Lock()
		clear(s.sessions.byToken)
		s.sessions.mu.Unlock()
	}
}

func ask(path, token string, body []byte) Response {
	r := &Request{Path: path, Token: token, Body: body, reply: make(chan Response, 1)}
	server.requests <- r
	return <-r.reply
}

func tell(sessions int) {
	items := 0
	for _, s := range server.sessions.byToken {
		items += len(s.Cart)
	}
	truth.Types(map[string]int{
		"main.Session": sessions, "main.User": sessions, "main.CartItem": items, "main.Article": len(server.catalog), "main.Server": 1,
		"main.SessionStore": 1, "main.Database": 1,
	})
	s := server.sessions.byToken["token-1234"]
	truth.Known(unsafe.Pointer(s), "main.Session", `main.server.sessions.byToken["token-1234"]`)
	truth.Known(unsafe.Pointer(s.User), "main.User", `main.server.sessions.byToken["token-1234"].User`)
	truth.Known(unsafe.Pointer(server.catalog["sku-007"]), "main.Article", `main.server.catalog["sku-007"]`)
}

func main() {
	sessions, _ := strconv.Atoi(os.Args[1])
	stop := record()
	defer stop()
	server = newServer()
	go server.serve()
	go server.evict()
	for i := 0; i < sessions; i++ {
		token := ask("/login", "", []byte(strings.Repeat(fmt.Sprintf("field%d=value%d&", i, i*7), 20+i%60))).Body
		if i%3 == 0 {
			ask("/cart", token, nil)
		}
	}
	for i := 0; i < 6; i++ {
		go ask("/report", "token-"+strconv.Itoa(i), []byte("month=10"))
	}
	time.Sleep(20 * time.Millisecond)
	tell(sessions)
	truth.Settle()
	truth.Last()
	go ask("/checkout", "token-of-yesterday", []byte("pay=now"))
	runtime.Gosched()
	time.Sleep(time.Minute)
}
