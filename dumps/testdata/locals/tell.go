package main

import (
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"sync"

	"corescope.example/dumps/truth"
)

// notYet stands for a variable that has no value yet, moving for one that another instruction may have changed.
type notYet struct{}
type moving struct{}

// text is said as it is.
type text string

var one sync.Mutex
var toldOf = map[string]map[string][]any{}

// tell says names and values of the variables of a function, in pairs; what it said of the function before holds too. "x as passed" is
// what the argument x was when it is something else now.
func tell(function string, pairs ...any) {
	told := map[string][]any{}
	for i := 0; i < len(pairs); i += 2 {
		name := pairs[i].(string)
		var said any
		switch value := pairs[i+1].(type) {
		case notYet:
		case moving:
			said = "*"
		case text:
			said = string(value)
		default:
			said = show(reflect.ValueOf(value))
		}
		told[name] = append(told[name], said)
	}
	one.Lock()
	defer one.Unlock()
	if toldOf[function] == nil {
		toldOf[function] = map[string][]any{}
	}
	for name, said := range told {
		toldOf[function][name] = append(toldOf[function][name], said...)
	}
	truth.Say("locals", map[string]any{function: toldOf[function]})
}

// held is how a value reads that a variable of an interface type holds.
func held(value any) text {
	v := reflect.ValueOf(value)
	if !v.IsValid() {
		return "nil"
	}
	if v.Kind() == reflect.String || v.Kind() == reflect.Pointer {
		return text(show(v))
	}
	return text(v.Type().String() + "(" + show(v) + ")")
}

func show(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return strconv.Quote(v.String())
	case reflect.Pointer:
		if v.IsNil() {
			return "nil"
		}
		return "&" + show(v.Elem())
	case reflect.Slice, reflect.Array:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = show(v.Index(i))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case reflect.Struct:
		parts := make([]string, v.NumField())
		for i := range parts {
			parts[i] = v.Type().Field(i).Name + ":" + show(v.Field(i))
		}
		return "{" + strings.Join(parts, " ") + "}"
	case reflect.Map:
		if v.IsNil() {
			return "nil"
		}
		var parts []string
		for _, key := range v.MapKeys() {
			parts = append(parts, show(key)+":"+show(v.MapIndex(key)))
		}
		sort.Strings(parts)
		return "map[" + strings.Join(parts, " ") + "]"
	case reflect.Interface:
		return string(held(v.Interface()))
	}
	return fmt.Sprint(v)
}
