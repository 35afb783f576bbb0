// Program values declares variables of every kind and shape, says through reflection what is in them, and crashes.
// With a number as argument it crashes with maps of so many entries instead.
package main

import (
	"fmt"
	"os"
	"reflect"
	"strconv"
	"unsafe"

	"corescope.example/dumps/truth"
)

// Maps in which a key is looked up.
var (
	large        map[int]int
	largeTexts   map[string]int
	largeStructs map[Key]int
	largeAny     map[any]int
)

func tell(name string, pointer any) {
	truth.Say("values", map[string]*node{name: describe(reflect.ValueOf(pointer).Elem(), map[unsafe.Pointer]bool{})})
}

func tellEach[T any](name string, list []T) {
	for i := range list {
		tell(fmt.Sprintf("%s[%d]", name, i), &list[i])
	}
}

func main() {
	if len(os.Args) > 1 {
		count, _ := strconv.Atoi(os.Args[1])
		large, largeTexts, largeStructs, largeAny = map[int]int{}, map[string]int{}, map[Key]int{}, map[any]int{}
		for i := 0; i < count; i++ {
			large[i] = -i
			largeTexts["user-"+strconv.Itoa(i)] = -i
			largeStructs[Key{int32(i), "k"}] = -i
			largeAny[i] = -i
		}
		panic("large maps")
	}
	fill()
	fillMaps()
	tell("main.numbers", &numbers)
	tell("main.floats64", &floats64)
	tell("main.floats32", &floats32)
	tell("main.texts", &texts)
	tell("main.longText", &longText)
	tell("main.name", &name)
	tell("main.nested", &nested)
	tell("main.nestedPointer", &nestedPointer)
	tell("main.nestedPointer.Grid[1]", &nestedPointer.Grid[1])
	tell("main.pair", &pair)
	tell("main.numberPointer", &numberPointer)
	tell("main.table", &table)
	tell("main.anything", &anything)
	tell("main.pointers", &pointers)
	tell("main.slices", &slices)
	tell("main.longList", &longList)
	tell("main.interfaces", &interfaces)
	tell("main.chain", &chain)
	tell("main.two", &two)
	tell("main.times", &times)
	tell("main.funcs", &funcs)
	tell("main.channels", &channels)
	tell("main.syncs", &syncs)
	tell("main.syncMany", &syncMany)
	tell("main.atomics", &atomics)
	tell("main.maps", &maps)
	tell("main.moreAnything", &moreAnything)
	tell("main.longKeys", &longKeys)
	tell("main.nans", &nans)
	tell("main.wideKeys", &wideKeys)
	tell("main.wideValues", &wideValues)
	tell("main.wideBoth", &wideBoth)
	tell("main.emptied", &emptied)
	tell("main.cleared", &cleared)
	tell("main.crowded", &crowded)
	tell("main.longMap", &longMap)
	tellEach("main.growing", growing)
	tellEach("main.growingTexts", growingTexts)
	tellEach("main.growingWide", growingWide)
	tellEach("main.hinted", hinted)
	tellEach("main.holes", holes)
	panic("all is told")
}
