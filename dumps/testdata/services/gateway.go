package main

import (
	"container/list"
	"fmt"
	"hash/fnv"
	"math/rand"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// An API gateway: requests come over a channel, workers answer them out of a catalogue, a search index and a cache of
// answers. Its rate limiter remembers every address that ever called, and forgets none.

type apiRequest struct {
	method, path string
	address      string
	cookie       string
	reply        chan *apiResponse
}

type apiResponse struct {
	status int
	header map[string]string
	body   []byte
}

// answerCache is an LRU cache bounded by the bytes of its bodies.
type answerCache struct {
	mu      sync.Mutex
	used    int
	budget  int
	recency *list.List
	entries map[uint64]*list.Element
}

type cachedAnswer struct {
	hash     uint64
	path     string
	response *apiResponse
}

func (c *answerCache) get(path string) *apiResponse {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[hashOf(path)]
	if !ok {
		return nil
	}
	c.recency.MoveToFront(e)
	return e.Value.(*cachedAnswer).response
}

func (c *answerCache) put(path string, r *apiResponse) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := hashOf(path)
	if _, ok := c.entries[h]; ok {
		return
	}
	c.entries[h] = c.recency.PushFront(&cachedAnswer{h, path, r})
	c.used += len(r.body)
	for c.used > c.budget {
		last := c.recency.Remove(c.recency.Back()).(*cachedAnswer)
		delete(c.entries, last.hash)
		c.used -= len(last.response.body)
	}
}

func hashOf(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}

// login is forgotten when nobody used it for a while: half the time that the gateway is up, so that slow machines keep as
// many as fast ones.
type login struct {
	user     string
	lastUsed time.Time
	scopes   []string
	settings map[string]string
}

type loginStore struct {
	mu      sync.Mutex
	created time.Time
	byToken map[string]*login
}

func (s *loginStore) touch(token string) *login {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.byToken[token]
	if !ok {
		l = &login{user: "u" + token, scopes: []string{"read", "write"}, settings: map[string]string{"lang": "en", "tz": token}}
		s.byToken[token] = l
	}
	l.lastUsed = time.Now()
	return l
}

func (s *loginStore) sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	idle := time.Since(s.created) / 2
	for token, l := range s.byToken {
		if time.Since(l.lastUsed) > idle {
			delete(s.byToken, token)
		}
	}
}

// visitor is the token bucket of one address.
type visitor struct {
	tokens   float64
	lastSeen time.Time
	paths    []string
}

type rateLimiter struct {
	mu       sync.Mutex
	visitors map[string]*visitor
	rate     float64
}

func (l *rateLimiter) allow(address, path string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.visitors[address]
	if !ok {
		v = &visitor{tokens: 10, paths: make([]string, 0, 8)}
		l.visitors[address] = v
	}
	now := time.Now()
	v.tokens = v.tokens + now.Sub(v.lastSeen).Seconds()*l.rate
	if v.tokens > 10 {
		v.tokens = 10
	}
	v.lastSeen = now
	if len(v.paths) < cap(v.paths) {
		v.paths = append(v.paths, path)
	}
	v.tokens--
	return v.tokens > -1e9
}

type article struct {
	id          int
	name        string
	description string
	price       int64
	attributes  map[string]string
}

// latencies are kept per route, the last so many of each.
type latencies struct {
	mu     sync.Mutex
	routes map[string]*latencyRing
}

type latencyRing struct {
	next    int
	samples []latencySample
}

type latencySample struct {
	at       time.Time
	duration time.Duration
	status   int
}

func (l *latencies) observe(route string, s latencySample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, ok := l.routes[route]
	if !ok {
		r = &latencyRing{samples: make([]latencySample, 6000)}
		l.routes[route] = r
	}
	r.samples[r.next%len(r.samples)] = s
	r.next++
}

type gateway struct {
	articles map[int]*article
	words    map[string][]int32
	answers  *answerCache
	logins   *loginStore
	limiter  *rateLimiter
	timing   *latencies
	incoming chan *apiRequest
	served   atomic.Int64
}

func newGateway() *gateway {
	g := &gateway{
		articles: map[int]*article{},
		words:    map[string][]int32{},
		answers:  &answerCache{budget: 9 << 20, recency: list.New(), entries: map[uint64]*list.Element{}},
		logins:   &loginStore{created: time.Now(), byToken: map[string]*login{}},
		limiter:  &rateLimiter{visitors: map[string]*visitor{}, rate: 5},
		timing:   &latencies{routes: map[string]*latencyRing{}},
		incoming: make(chan *apiRequest, 64),
	}
	for i := 0; i < 16000; i++ {
		a := &article{id: i, name: fmt.Sprintf("article %d", i), price: int64(i * 7 % 1000), attributes: map[string]string{"color": strconv.Itoa(i % 9), "weight": strconv.Itoa(i)}}
		var text strings.Builder
		for w := 0; w < 12; w++ {
			word := "w" + strconv.Itoa((i*31+w*w*17)%20000)
			g.words[word] = append(g.words[word], int32(i))
			text.WriteString(word + " ")
		}
		a.description = text.String()
		g.articles[i] = a
	}
	for word, list := range g.words {
		for i := 0; len(list) < 90; i++ {
			list = append(list, list[i]+int32(i))
		}
		g.words[word] = list
	}
	return g
}

func (g *gateway) work() {
	for r := range g.incoming {
		r.reply <- g.answer(r)
	}
}

func (g *gateway) answer(r *apiRequest) *apiResponse {
	start := time.Now()
	if !g.limiter.allow(r.address, r.path) {
		return &apiResponse{status: 429}
	}
	l := g.logins.touch(r.cookie)
	response := g.answers.get(r.path)
	if response == nil {
		n, _ := strconv.Atoi(r.path[strings.LastIndexByte(r.path, '/')+1:])
		a := g.articles[n%len(g.articles)]
		body := []byte(fmt.Sprintf(`{"id":%d,"name":%q,"text":%q,"also":%v}`, a.id, a.name, a.description, g.words["w"+strconv.Itoa(n%20000)]))
		response = &apiResponse{200, map[string]string{"content-type": "application/json", "x-user": l.user}, body}
		g.answers.put(r.path, response)
	}
	g.timing.observe(r.path[:strings.LastIndexByte(r.path, '/')], latencySample{start, time.Since(start), response.status})
	g.served.Add(1)
	return response
}

var api *gateway

func runGateway() []string {
	api = newGateway()
	for i := 0; i < 8; i++ {
		go api.work()
	}
	random := rand.New(rand.NewSource(7))
	reply := make(chan *apiResponse, 1)
	for i := 0; i < 150000; i++ {
		// Two in ten callers are new; the others are the busy ones.
		address := fmt.Sprintf("10.0.%d.%d", random.Intn(4), random.Intn(250))
		if random.Intn(10) < 2 {
			address = fmt.Sprintf("172.%d.%d.%d", 16+i%16, i/16%250, i/4000)
		}
		path := fmt.Sprintf("/v1/%s/%d", []string{"articles", "prices", "stock", "similar"}[i%4], random.Intn(60000))
		if i%5 == 0 {
			path = fmt.Sprintf("/shop/%d/offers/%d", random.Intn(60), random.Intn(300))
		}
		api.incoming <- &apiRequest{"GET", path, address, strconv.Itoa(i / 3), reply}
		<-reply
		if i%2000 == 0 {
			api.logins.sweep()
		}
	}
	return []string{"main.api.limiter.visitors"}
}
