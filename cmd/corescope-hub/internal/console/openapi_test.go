package console

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestOpenAPINamesEveryPathAndNoOther(t *testing.T) {
	t.Parallel()
	var doc struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Ref string `json:"$ref"`
			}
		}
		Components struct{ Responses, Schemas map[string]any }
	}
	if err := json.Unmarshal(openAPI(), &doc); err != nil {
		t.Fatal(err)
	}
	var served []string
	for path := range new(server).api() {
		if strings.HasPrefix(path, "/api/v1/") {
			served = append(served, path)
		}
	}
	slices.Sort(served)
	if documented := slices.Sorted(maps.Keys(doc.Paths)); !slices.Equal(served, documented) {
		t.Errorf("served:     %v\ndocumented: %v", served, documented)
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			for status, r := range op.Responses {
				if _, ok := doc.Components.Responses[strings.TrimPrefix(r.Ref, "#/components/responses/")]; !ok {
					t.Errorf("%s %s, %s: nothing is at %s", method, path, status, r.Ref)
				}
			}
		}
	}
}

func TestAnswersAreAsOpenAPISays(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.fill(t)
	var doc map[string]any
	if err := json.Unmarshal([]byte(f.get(t, "/api/v1/openapi.json", 200)), &doc); err != nil {
		t.Fatal(err)
	}
	hash := f.packets(t, "").Packets[0].Hash
	for path, item := range doc["paths"].(map[string]any) {
		responses := item.(map[string]any)["get"].(map[string]any)["responses"].(map[string]any)
		for status := range responses {
			at := strings.Replace(path, "{hash}", hash, 1)
			want := http.StatusOK
			switch status {
			case "400":
				at, want = path+"?limit=0", http.StatusBadRequest
			case "404":
				at, want = strings.Replace(path, "{hash}", "0000", 1), http.StatusNotFound
			}
			var answer any
			if err := json.Unmarshal([]byte(f.get(t, at, want)), &answer); err != nil {
				t.Fatalf("%s: %v", at, err)
			}
			ref := responses[status].(map[string]any)["$ref"].(string)
			name := ref[strings.LastIndex(ref, "/")+1:]
			check(t, doc, at, map[string]any{"$ref": "#/components/schemas/" + name}, answer)
		}
	}
}

// check holds a value against a schema of the kinds that openAPI makes.
func check(t *testing.T, doc map[string]any, at string, schema map[string]any, v any) {
	t.Helper()
	if ref, ok := schema["$ref"].(string); ok {
		schemas := doc["components"].(map[string]any)["schemas"].(map[string]any)
		schema = schemas[strings.TrimPrefix(ref, "#/components/schemas/")].(map[string]any)
	}
	if any := schema["anyOf"]; any != nil {
		if v != nil {
			check(t, doc, at, any.([]interface{})[0].(map[string]interface{}), v)
		}
		return
	}
	kind := map[string]string{"map[string]interface {}": "object", "[]interface {}": "array", "string": "string", "bool": "boolean", "float64": "number"}[fmt.Sprintf("%T", v)]
	if want := schema["type"].(string); kind != want && !(kind == "number" && want == "integer") {
		t.Errorf("%s is a %s, not a %s: %v", at, kind, want, v)
		return
	}
	switch v := v.(type) {
	case []any:
		for i, one := range v {
			check(t, doc, fmt.Sprintf("%s[%d]", at, i), schema["items"].(map[string]any), one)
		}
	case map[string]any:
		members, fixed := schema["properties"].(map[string]any)
		for name, one := range v {
			member, ok := members[name].(map[string]any)
			if !fixed {
				member, ok = schema["additionalProperties"].(map[string]any)
			}
			if !ok {
				t.Errorf("%s.%s is not documented", at, name)
				continue
			}
			check(t, doc, at+"."+name, member, one)
		}
		required, _ := schema["required"].([]any)
		for _, name := range required {
			if _, ok := v[name.(string)]; !ok {
				t.Errorf("%s.%s is missing", at, name)
			}
		}
	}
}
