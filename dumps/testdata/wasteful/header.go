//go:build go1.22

package main

const headerBytes = 8
