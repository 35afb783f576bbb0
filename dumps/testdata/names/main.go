// names has packages whose paths are awkward to show: two of one name, version elements, dots, a name that is not the
// folder's, one named like a package of the standard library. Each holds objects, and a goroutine waits in one of its methods.
package main

import (
	"net/http"
	"sync"
	"time"
	"unsafe"

	"corescope.example/dumps/names/broker-server/v2/server"
	"corescope.example/dumps/names/foo/v2"
	"corescope.example/dumps/names/generic"
	cache "corescope.example/dumps/names/go-cache"
	"corescope.example/dumps/names/gopkg/api.v3"
	"corescope.example/dumps/names/kinds"
	libhttp "corescope.example/dumps/names/library/http"
	other "corescope.example/dumps/names/other/server"
	"corescope.example/dumps/truth"
)

// Tied keeps a value of every package in fields, interfaces and generic types.
type Tied struct {
	Client *server.Client
	Any    any
	Table  map[string]*other.Server
	Cache  *cache.Cache[string, *server.Client]
	Paths  map[string]int
	Kinds  []*kinds.Kind
}

var tied *Tied

func main() {
	started := &sync.WaitGroup{}
	started.Add(4)
	client := server.NewClient(7)
	go client.ReadLoop(started)
	go other.Default.Serve(started)
	go api.Default.Decode(started)
	go foo.Default.Run(started)
	tied = &Tied{
		Client: client,
		Any:    &api.Node{Kind: 3, Value: "see corescope.example/dumps/names/gopkg/api.v3.Node"},
		Table:  map[string]*other.Server{"corescope.example/dumps/names/foo/v2.Foo": other.Default},
		Cache:  cache.New[string, *server.Client](),
		Paths:  map[string]int{"corescope.example/dumps/names/other/server.Server": 1},
	}
	tied.Cache.Put("one", client)
	tied.Kinds = []*kinds.Kind{{}, {}}
	go generic.Wait(tied)
	started.Wait()
	http.DefaultClient.Timeout = libhttp.Default.Wait
	time.Sleep(10 * time.Millisecond)
	const root = "corescope.example/dumps/names/"
	truth.Known(unsafe.Pointer(client), root+"broker-server/v2/server.Client", "main.tied.Client", root+"broker-server/v2/server.Last")
	truth.Known(unsafe.Pointer(other.Default), root+"other/server.Server", root+"other/server.Default")
	truth.Known(unsafe.Pointer(api.Default), root+"gopkg/api.v3.Decoder", root+"gopkg/api.v3.Default")
	truth.Known(unsafe.Pointer(foo.Default), root+"foo/v2.Foo", root+"foo/v2.Default")
	truth.Known(unsafe.Pointer(libhttp.Default), root+"library/http.Client", root+"library/http.Default")
	truth.Settle()
	truth.Last()
	client.Fail()
}
