package main

import (
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// node is what reflection says of one value; a reader of the core has to say the same.
type node struct {
	Type string `json:"type"`
	Kind string `json:"kind"`
	// Text of a scalar as strconv writes it, of a string as strconv.Quote writes it, the name of a func, a time in UTC.
	Text string `json:"text,omitempty"`
	// Address of what a pointer, slice, map or channel refers to.
	Address  string `json:"address,omitempty"`
	Length   *int   `json:"length,omitempty"`
	Capacity *int   `json:"capacity,omitempty"`
	// What a pointer points to, an interface holds, an atomic value keeps; absent for nil, and where a pointer leads back.
	Target   *node    `json:"target,omitempty"`
	Fields   []member `json:"fields,omitempty"`
	Elements []*node  `json:"elements,omitempty"`
	// Entries of a map in no order, by their keys as Go source.
	Entries []member `json:"entries,omitempty"`
}

type member struct {
	Name  string `json:"name"`
	Value *node  `json:"value"`
}

// What reflection cannot see: elements in a channel's buffer (a slice), and variables a closure captured.
var (
	buffered = map[unsafe.Pointer]any{}
	captured = map[unsafe.Pointer][]capture{}
)

type capture struct {
	name    string
	pointer any
}

func describe(v reflect.Value, above map[unsafe.Pointer]bool) *node {
	n := &node{Type: typeName(v.Type()), Kind: v.Kind().String()}
	refer := func(p unsafe.Pointer) bool {
		if p == nil {
			n.Text = "nil"
			return false
		}
		n.Address = fmt.Sprintf("%#x", uintptr(p))
		return true
	}
	count := func(length, capacity int) { n.Length, n.Capacity = &length, &capacity }
	switch v.Kind() {
	case reflect.Pointer:
		p := v.UnsafePointer()
		if refer(p) && !above[p] {
			above[p] = true
			n.Target = describe(v.Elem(), above)
			delete(above, p)
		}
	case reflect.UnsafePointer:
		if refer(v.UnsafePointer()) {
			n.Text = n.Address
		}
	case reflect.Interface:
		if v.IsNil() {
			n.Text = "nil"
		} else {
			n.Target = describe(v.Elem(), above)
		}
	case reflect.Slice:
		if refer(v.UnsafePointer()) {
			count(v.Len(), v.Cap())
			n.Elements = elements(v, above)
		}
	case reflect.Array:
		count(v.Len(), v.Len())
		n.Elements = elements(v, above)
	case reflect.Map:
		if refer(v.UnsafePointer()) {
			count(v.Len(), v.Len())
			for it := v.MapRange(); it.Next(); {
				n.Entries = append(n.Entries, member{keyText(it.Key()), describe(it.Value(), above)})
			}
		}
	case reflect.Chan:
		if refer(v.UnsafePointer()) {
			count(v.Len(), v.Cap())
			if known, ok := buffered[v.UnsafePointer()]; ok {
				n.Elements = elements(reflect.ValueOf(known), above)
			}
		}
	case reflect.Func:
		p := *(*unsafe.Pointer)(pointerTo(v))
		if refer(p) {
			n.Text = runtime.FuncForPC(v.Pointer()).Name()
			for _, each := range captured[p] {
				n.Fields = append(n.Fields, member{each.name, describe(reflect.ValueOf(each.pointer).Elem(), above)})
			}
		}
	case reflect.Struct:
		describeStruct(n, v, above)
	default:
		n.Text = scalar(v)
		if n.Type == "time.Duration" {
			n.Text = time.Duration(v.Int()).String()
		}
	}
	return n
}

func elements(v reflect.Value, above map[unsafe.Pointer]bool) []*node {
	list := make([]*node, v.Len())
	for i := range list {
		list[i] = describe(v.Index(i), above)
	}
	return list
}

func describeStruct(n *node, v reflect.Value, above map[unsafe.Pointer]bool) {
	switch {
	case n.Type == "time.Time":
		t := *(*time.Time)(pointerTo(v))
		n.Text = t.UTC().Format(time.RFC3339Nano)
		n.Fields = []member{{"location", &node{Text: strconv.Quote(t.Location().String())}}}
	case n.Type == "sync.Map":
		length := 0
		(*sync.Map)(pointerTo(v)).Range(func(key, value any) bool {
			n.Entries = append(n.Entries, member{keyText(reflect.ValueOf(&key).Elem()), describe(reflect.ValueOf(&value).Elem(), above)})
			length++
			return true
		})
		n.Length = &length
	case strings.HasPrefix(n.Type, "sync/atomic.Pointer["):
		pointer := v.Type().Field(0).Type.Elem()
		n.Target = describe(reflect.NewAt(pointer, pointerTo(v)).Elem(), above)
	case strings.HasPrefix(n.Type, "sync/atomic."):
		n.Target = describe(v.FieldByName("v"), above)
	default:
		for i := 0; i < v.NumField(); i++ {
			if name := v.Type().Field(i).Name; name != "_" {
				n.Fields = append(n.Fields, member{name, describe(v.Field(i), above)})
			}
		}
	}
}

// pointerTo gives the address of v, of a copy where it has none. A func in an interface or map is copied too: its word is the same.
func pointerTo(v reflect.Value) unsafe.Pointer {
	if v.CanAddr() {
		return unsafe.Pointer(v.UnsafeAddr())
	}
	if !v.CanInterface() {
		panic("an unexported " + v.Type().String() + " without an address")
	}
	c := reflect.New(v.Type())
	c.Elem().Set(v)
	return c.UnsafePointer()
}

func scalar(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.String:
		return strconv.Quote(v.String())
	case reflect.Float32:
		return float(v.Float(), 32)
	case reflect.Float64:
		return float(v.Float(), 64)
	case reflect.Complex64, reflect.Complex128:
		c, bits := v.Complex(), 64
		if v.Kind() == reflect.Complex64 {
			bits = 32
		}
		imaginary := float(imag(c), bits)
		if !strings.ContainsAny(imaginary[:1], "+-") {
			imaginary = "+" + imaginary
		}
		return "(" + float(real(c), bits) + imaginary + "i)"
	}
	if v.CanInt() {
		return strconv.FormatInt(v.Int(), 10)
	}
	return strconv.FormatUint(v.Uint(), 10)
}

func float(f float64, bits int) string { return strconv.FormatFloat(f, 'g', -1, bits) }

// keyText is a map key as Go source: "user-5", 7, main.Key{A: 1, B: "x"}; in an interface with its type where that is not a literal's own.
func keyText(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return "nil"
		}
		inner, name := keyText(v.Elem()), typeName(v.Elem().Type())
		switch {
		case name == "int" || name == "string" || name == "bool" || strings.HasPrefix(inner, name+"{"):
			return inner
		case name == "float64" && strings.ContainsAny(inner, ".e") && !strings.Contains(inner, "Inf"):
			return inner
		case strings.HasPrefix(name, "*") || strings.HasPrefix(name, "<-") || strings.HasPrefix(name, "chan"):
			return "(" + name + ")(" + inner + ")"
		}
		return name + "(" + inner + ")"
	case reflect.Struct:
		var parts []string
		for i := 0; i < v.NumField(); i++ {
			parts = append(parts, v.Type().Field(i).Name+": "+keyText(v.Field(i)))
		}
		return typeName(v.Type()) + "{" + strings.Join(parts, ", ") + "}"
	case reflect.Array:
		var parts []string
		for i := 0; i < v.Len(); i++ {
			parts = append(parts, keyText(v.Index(i)))
		}
		return typeName(v.Type()) + "{" + strings.Join(parts, ", ") + "}"
	case reflect.Pointer, reflect.UnsafePointer, reflect.Chan:
		if v.IsNil() {
			return "nil"
		}
		return fmt.Sprintf("%#x", v.Pointer())
	}
	return scalar(v)
}

// typeName is a type's name with full package paths, as DWARF has it.
func typeName(t reflect.Type) string {
	if t.Name() != "" {
		if t.PkgPath() == "" {
			return t.Name()
		}
		return t.PkgPath() + "." + t.Name()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + typeName(t.Elem())
	case reflect.Slice:
		return "[]" + typeName(t.Elem())
	case reflect.Array:
		return "[" + strconv.Itoa(t.Len()) + "]" + typeName(t.Elem())
	case reflect.Map:
		return "map[" + typeName(t.Key()) + "]" + typeName(t.Elem())
	case reflect.Struct:
		var fields []string
		for i := 0; i < t.NumField(); i++ {
			fields = append(fields, t.Field(i).Name+" "+typeName(t.Field(i).Type))
		}
		if len(fields) > 0 {
			return "struct { " + strings.Join(fields, "; ") + " }"
		}
	}
	return t.String()
}
