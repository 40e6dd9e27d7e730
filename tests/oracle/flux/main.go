// Command flux answers what Flux's own expression library makes of a text: the real program that lbpools'
// function/src/flux/expression is held against.
//
// One JSON object a line comes in:
//
//	{"text": "a: ${V:-d}", "vars": {"W": "1"}, "strict": true}
//
// or, to see what becomes of a field with that text once its object is written out and read again:
//
//	{"text": "${V}", "vars": {"V": "yes"}, "field": true}
//
// and one a line goes out, with exactly one of these keys:
//
//	{"text": "a: d"}     the outcome
//	{"field": true}      the outcome of a field, as JSON
//	{"yaml": "..."}      the outcome of a field is no YAML, or no single field
//	{"bytes": "..."}     the outcome, in base64, where it is not UTF-8
//	{"error": "..."}     the library refused
//	{"panic": "..."}     the library crashed; in Flux the reconciliation dies of it
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"unicode/utf8"

	"github.com/fluxcd/pkg/envsubst"
	"sigs.k8s.io/yaml"
)

type question struct {
	Text   string            `json:"text"`
	Vars   map[string]string `json:"vars"`
	Strict bool              `json:"strict"`
	Field  bool              `json:"field"`
}

type answer struct {
	Text  *string         `json:"text,omitempty"`
	Bytes []byte          `json:"bytes,omitempty"`
	Field json.RawMessage `json:"field,omitempty"`
	YAML  *string         `json:"yaml,omitempty"`
	Error *string         `json:"error,omitempty"`
	Panic *string         `json:"panic,omitempty"`
}

func ask(q question) (a answer) {
	defer func() {
		if crash := recover(); crash != nil {
			message := fmt.Sprint(crash)
			a = answer{Panic: &message}
		}
	}()
	subject := q.Text
	if q.Field {
		// As kustomize's Resource.AsYAML does.
		object, err := json.Marshal(map[string]string{"value": q.Text})
		if err != nil {
			panic(err)
		}
		written, err := yaml.JSONToYAML(object)
		if err != nil {
			panic(err)
		}
		subject = string(written)
	}
	// As fluxcd/pkg/kustomize does: the second result says "set" for everything unless strict.
	text, err := envsubst.Eval(subject, func(name string) (string, bool) {
		value, set := q.Vars[name]
		return value, set || !q.Strict
	})
	switch {
	case err != nil:
		message := err.Error()
		return answer{Error: &message}
	case q.Field:
		return field(text)
	case !utf8.ValidString(text):
		return answer{Bytes: []byte(text)}
	default:
		return answer{Text: &text}
	}
}

// field reads an object of one field again, as fluxcd/pkg/kustomize does.
func field(text string) answer {
	object, err := yaml.YAMLToJSON([]byte(text))
	var fields map[string]json.RawMessage
	if err == nil {
		err = json.Unmarshal(object, &fields)
	}
	if err == nil && (len(fields) != 1 || fields["value"] == nil) {
		err = fmt.Errorf("not one field: %s", object)
	}
	if err != nil {
		message := err.Error()
		return answer{YAML: &message}
	}
	return answer{Field: fields["value"]}
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	questions := json.NewDecoder(in)
	answers := json.NewEncoder(out)
	answers.SetEscapeHTML(false)
	for questions.More() {
		var q question
		if err := questions.Decode(&q); err != nil {
			fmt.Fprintln(os.Stderr, "flux oracle:", err)
			os.Exit(2)
		}
		if err := answers.Encode(ask(q)); err != nil {
			os.Exit(2)
		}
		// Whoever shrinks a case asks one question at a time and waits.
		if questions.Buffered().(interface{ Len() int }).Len() <= 1 {
			out.Flush()
		}
	}
	out.Flush()
}
