// Command flux answers what Flux's own expression library makes of a text: the real program that lbpools'
// function/src/flux/expression is held against.
//
// One JSON object a line comes in:
//
//	{"text": "a: ${V:-d}", "vars": {"W": "1"}, "strict": true}
//
// and one a line goes out, with exactly one of these keys:
//
//	{"text": "a: d"}     the outcome
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
)

type question struct {
	Text   string            `json:"text"`
	Vars   map[string]string `json:"vars"`
	Strict bool              `json:"strict"`
}

type answer struct {
	Text  *string `json:"text,omitempty"`
	Bytes []byte  `json:"bytes,omitempty"`
	Error *string `json:"error,omitempty"`
	Panic *string `json:"panic,omitempty"`
}

func ask(q question) (a answer) {
	defer func() {
		if crash := recover(); crash != nil {
			message := fmt.Sprint(crash)
			a = answer{Panic: &message}
		}
	}()
	// As fluxcd/pkg/kustomize does: the second result says "set" for everything unless strict.
	text, err := envsubst.Eval(q.Text, func(name string) (string, bool) {
		value, set := q.Vars[name]
		return value, set || !q.Strict
	})
	switch {
	case err != nil:
		message := err.Error()
		return answer{Error: &message}
	case !utf8.ValidString(text):
		return answer{Bytes: []byte(text)}
	default:
		return answer{Text: &text}
	}
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
