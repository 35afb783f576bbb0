// hello is the least program: what it lacks, another program may lack too. scripts/make-layouts.mjs takes recipes from functions that it has.
package main

import "fmt"

func main() {
	fmt.Println("hello")
}
