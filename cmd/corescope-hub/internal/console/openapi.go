package console

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"time"
)

// openapiBase says what can be asked; what is answered follows from the types.
//
//go:embed openapi.json
var openapiBase []byte

// answers are the types of the documented answers.
var answers = []any{PacketList{}, PacketDetail{}, ObserverList{}, NodeList{}, Sources{}, Stats{}, Error{}}

// Error is the answer to a question that cannot be answered.
type Error struct {
	Error string `json:"error"`
}

// openAPI describes /api/v1 to programs.
func openAPI() []byte {
	var doc map[string]any
	if err := json.Unmarshal(openapiBase, &doc); err != nil {
		panic("embedded openapi.json: " + err.Error())
	}
	components := doc["components"].(map[string]any)
	responses, schemas := map[string]any{}, map[string]any{}
	for _, a := range answers {
		t := reflect.TypeOf(a)
		responses[t.Name()] = map[string]any{
			"description": t.Name(),
			"content":     map[string]any{"application/json": map[string]any{"schema": schemaOf(t, schemas)}},
		}
	}
	components["responses"], components["schemas"] = responses, schemas
	b, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		panic("openapi: " + err.Error()) // maps of text
	}
	return append(b, '\n')
}

// schemaOf is the JSON Schema of a type as encoding/json writes it; named
// structs are put among the schemas.
func schemaOf(t reflect.Type, schemas map[string]any) map[string]any {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Pointer:
		return map[string]any{"anyOf": []any{schemaOf(t.Elem(), schemas), map[string]any{"type": "null"}}}
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem(), schemas)}
	case t.Kind() == reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem(), schemas)}
	case t.Kind() == reflect.Struct:
		if _, known := schemas[t.Name()]; !known {
			schemas[t.Name()] = nil // for types that hold themselves
			schemas[t.Name()] = structSchema(t, schemas)
		}
		return map[string]any{"$ref": "#/components/schemas/" + t.Name()}
	case t.Kind() == reflect.String:
		return map[string]any{"type": "string"}
	case t.Kind() == reflect.Bool:
		return map[string]any{"type": "boolean"}
	case t.Kind() == reflect.Float64:
		return map[string]any{"type": "number"}
	}
	return map[string]any{"type": "integer"}
}

func structSchema(t reflect.Type, schemas map[string]any) map[string]any {
	members, required := map[string]any{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "" || name == "-" {
			continue
		}
		members[name] = schemaOf(f.Type, schemas)
		if options != "omitempty" {
			required = append(required, name)
		}
	}
	return map[string]any{"type": "object", "properties": members, "required": required}
}

// serveOpenAPI answers GET /api/v1/openapi.json.
func serveOpenAPI() http.HandlerFunc {
	body := openAPI()
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		send(w, r, http.StatusOK, body)
	}
}
