//go:build !go1.23

package main

// Before Go 1.23 DWARF does not say what a closure holds.
func init() {
	for _, name := range []string{
		"main.OnlyByValue", "main.OnlyByRef", "main.OnlyNestedClosure", "main.OnlyUnsorted", "main.OnlyFinalizer", "main.OnlyAfterFunc", "main.OnlyTimer", "main.OnlyCtxt",
		"main.OnlyLoopDefer", "main.OnlyMethodValue",
	} {
		nameless[name] = "captured by a closure, which DWARF describes from Go 1.23 on"
	}
}
