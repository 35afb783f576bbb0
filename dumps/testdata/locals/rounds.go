//go:build go1.22

package main

func init() {
	loops = append(loops, func() { rangesNumber(5) })
}

//go:noinline
func rangesNumber(n int) int {
	tell("main.rangesNumber", "n", n, "sum", 3, "i", 3, "last", 2)
	sum, last := 0, 0
	for i := range n {
		sum += stopsAt(i == 3, i)
		last = i
	}
	return sum + last
}
