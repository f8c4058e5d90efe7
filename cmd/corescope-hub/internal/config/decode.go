package config

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/tailscale/hujson"
)

// strictKey is the section in which an unknown key is an error. Elsewhere it
// belongs to CoreScope's web server.
const strictKey = "hub"

// decode reads one file over what c holds already.
func (c *Config) decode(file string, src []byte) error {
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf")) // editors on Windows begin a file so
	switch {
	case len(bytes.TrimSpace(src)) == 0:
		return &Error{Pos: file, Err: errors.New("the file is empty"), Hint: "write {} for the defaults, or remove it"}
	case bytes.HasPrefix(src, []byte("\xff\xfe")), bytes.HasPrefix(src, []byte("\xfe\xff")): // and so
		return &Error{Pos: file, Err: errors.New("the file is UTF-16 text"), Hint: "save it as UTF-8"}
	}
	root, err := hujson.Parse(src)
	if err != nil {
		return syntaxError(file, err)
	}
	d := copier{file: file, src: src, origin: c.origin}
	return d.value(&root, "", reflect.ValueOf(c).Elem())
}

// syntaxError moves the position from the text of the parser's error to where
// an editor can jump to it.
func syntaxError(file string, err error) error {
	e := &Error{Pos: file, Err: err, Hint: "look for a missing or extra comma, quote or bracket there"}
	var line, column int
	if _, scanErr := fmt.Sscanf(err.Error(), "hujson: line %d, column %d:", &line, &column); scanErr == nil {
		e.Pos = fmt.Sprintf("%s:%d:%d", file, line, column)
		e.Err = errors.Unwrap(err)
	}
	return e
}

// copier copies one syntax tree into the structs, remembering positions.
type copier struct {
	file   string
	src    []byte
	origin map[string]string
}

// value copies v into a setting. A null leaves the setting as it is.
func (d *copier) value(v *hujson.Value, key string, into reflect.Value) error {
	if v.Value.Kind() == 'n' {
		return nil
	}
	d.origin[key] = d.pos(v)
	switch {
	case into.Kind() == reflect.Struct && v.Value.Kind() == '"' && into.Addr().Type().Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return d.leaf(v, key, into)
	case into.Kind() == reflect.Struct:
		return d.object(v, key, into)
	case into.Kind() == reflect.Slice && into.Type().Elem().Kind() == reflect.Struct:
		return d.list(v, key, into)
	case into.Kind() == reflect.Map && into.Type().Elem().Kind() == reflect.Struct:
		return d.table(v, key, into)
	}
	return d.leaf(v, key, into)
}

func (d *copier) object(v *hujson.Value, key string, into reflect.Value) error {
	obj, ok := v.Value.(*hujson.Object)
	if !ok {
		return d.mismatch(v, key, "not an object", `write { "name": value }`)
	}
	for i := range obj.Members {
		m := &obj.Members[i]
		name := m.Name.Value.(hujson.Literal).String()
		field, tag := fieldByKey(into, name, !inStrict(key))
		switch {
		case tag != "":
			if err := d.value(&m.Value, join(key, tag), field); err != nil {
				return err
			}
		case inStrict(key):
			return &Error{Pos: d.pos(&m.Name), Key: join(key, name), Err: errors.New("no such setting"), Hint: suggest(key, name, into.Type())}
		}
	}
	return nil
}

func (d *copier) list(v *hujson.Value, key string, into reflect.Value) error {
	arr, ok := v.Value.(*hujson.Array)
	if !ok {
		what, hint := wanted(into.Type())
		return d.mismatch(v, key, what, hint)
	}
	items := reflect.MakeSlice(into.Type(), len(arr.Elements), len(arr.Elements))
	for i := range arr.Elements {
		if err := d.value(&arr.Elements[i], fmt.Sprintf("%s[%d]", key, i), items.Index(i)); err != nil {
			return err
		}
	}
	into.Set(items)
	return nil
}

// table copies objects that have names of the operator's.
func (d *copier) table(v *hujson.Value, key string, into reflect.Value) error {
	obj, ok := v.Value.(*hujson.Object)
	if !ok {
		return d.mismatch(v, key, "not an object", `write { "name": { "setting": value } }`)
	}
	entries := reflect.MakeMap(into.Type())
	for i := range obj.Members {
		m := &obj.Members[i]
		name := m.Name.Value.(hujson.Literal).String()
		entry := reflect.New(into.Type().Elem()).Elem()
		if err := d.value(&m.Value, fmt.Sprintf("%s[%q]", key, name), entry); err != nil {
			return err
		}
		entries.SetMapIndex(reflect.ValueOf(name), entry)
	}
	into.Set(entries)
	return nil
}

func (d *copier) leaf(v *hujson.Value, key string, into reflect.Value) error {
	std := v.Clone()
	std.Standardize()
	fresh := reflect.New(into.Type())
	if err := json.Unmarshal(std.Pack(), fresh.Interface()); err != nil {
		what, hint := wanted(into.Type())
		return d.mismatch(v, key, what, hint)
	}
	into.Set(fresh.Elem())
	return nil
}

func (d *copier) mismatch(v *hujson.Value, key, what, hint string) error {
	return &Error{Pos: d.pos(v), Key: key, Value: d.shown(v, key), Err: errors.New(what), Hint: hint}
}

// shown is v as the operator wrote it, if that is short and not a secret.
func (d *copier) shown(v *hujson.Value, key string) string {
	text := string(d.src[v.StartOffset:v.EndOffset])
	if len(text) > 60 || strings.Contains(text, "\n") || strings.HasPrefix(key, "channelKeys") || strings.HasSuffix(key, "password") {
		return ""
	}
	return text
}

func (d *copier) pos(v *hujson.Value) string {
	before := d.src[:v.StartOffset]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return fmt.Sprintf("%s:%d:%d", d.file, line, column)
}

// wanted says what was wrong with a value for a setting of type t, and what to write.
func wanted(t reflect.Type) (what, hint string) {
	switch t {
	case reflect.TypeFor[Duration]():
		return "not a duration", `write a number and its unit in quotes, such as "250ms" or "1s"`
	case reflect.TypeFor[Anonymous]():
		return "no such choice", `write "lan", true or false`
	case reflect.TypeFor[Sources]():
		return "not the settings of sources", `write { "name": { "clientId": "text" } }`
	case reflect.TypeFor[LogLevel]():
		return "no such log level", `write "debug", "info", "warn" or "error"`
	}
	switch t {
	case reflect.TypeFor[[]Listener]():
		return "not a list of listeners", `write [ "tcp://:1883" ]`
	case reflect.TypeFor[[]Source]():
		return "not a list", `write [ { "name": value } ]`
	}
	switch t.Kind() {
	case reflect.String:
		return "not a text", "write it in double quotes"
	case reflect.Bool:
		return "neither true nor false", "write true or false, without quotes"
	case reflect.Int:
		return "not a whole number", "write digits only, without quotes"
	case reflect.Float64:
		return "not a number", "write it without quotes"
	case reflect.Map:
		return "not an object of texts", `write { "name": "text" }`
	case reflect.Pointer:
		return wanted(t.Elem())
	}
	if t == reflect.TypeFor[[]string]() {
		return "not a list of texts", `write [ "one", "two" ]`
	}
	return "not a list of number pairs", "write [ [1.5, 2.5], [3, 4] ]"
}

// fieldByKey finds the field of a struct by its key, and the key as we write it;
// "" when there is none. With fold, case does not matter, as in CoreScope.
func fieldByKey(v reflect.Value, key string, fold bool) (field reflect.Value, tag string) {
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag.Get("json")
		if tag != "" && (tag == key || fold && strings.EqualFold(tag, key)) {
			return v.Field(i), tag
		}
	}
	return reflect.Value{}, ""
}

// suggest names the known key nearest to what was written.
func suggest(section, name string, t reflect.Type) string {
	best, bestDistance := "", 0
	for i := range t.NumField() {
		tag := t.Field(i).Tag.Get("json")
		if d := distance(strings.ToLower(name), strings.ToLower(tag)); best == "" || d < bestDistance {
			best, bestDistance = tag, d
		}
	}
	return "the nearest is " + join(section, best)
}

// distance is the number of single-character edits between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func inStrict(key string) bool {
	return key == strictKey || strings.HasPrefix(key, strictKey+".")
}

func join(section, name string) string {
	if section == "" {
		return name
	}
	return section + "." + name
}
