// Command resources answers what Flux makes of a whole object: the real program that lbpools' reading of
// substituted manifests is held against. It calls fluxcd/pkg/kustomize with a fake API server that holds the
// ConfigMaps and Secrets.
//
// One JSON object a line comes in:
//
//	{"kustomization": {…}, "objects": [{…}], "resource": {…}, "strict": true}
//
// or, to see what becomes of all that kustomize built:
//
//	{"kustomization": {…}, "objects": [{…}], "stream": "apiVersion: v1\n…", "strict": true}
//
// and one a line goes out, with exactly one of these keys:
//
//	{"resource": {…}}    the outcome
//	{"disabled": true}   the object carries the mark that turns substitution off
//	{"resources": [{…}]} the outcome of a stream, objects left alone included
//	{"error": "..."}     the library refused
//	{"panic": "..."}     the library crashed; in Flux the reconciliation dies of it
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/fluxcd/pkg/kustomize"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/kustomize/api/provider"
)

type question struct {
	Kustomization map[string]any   `json:"kustomization"`
	Objects       []map[string]any `json:"objects"`
	Resource      map[string]any   `json:"resource"`
	Stream        string           `json:"stream"`
	Strict        bool             `json:"strict"`
	Always        bool             `json:"always"`
}

type answer struct {
	Resource  map[string]any   `json:"resource,omitempty"`
	Resources []map[string]any `json:"resources,omitempty"`
	Disabled  bool             `json:"disabled,omitempty"`
	Error     *string          `json:"error,omitempty"`
	Panic     *string          `json:"panic,omitempty"`
}

func refused(err error) answer {
	message := err.Error()
	return answer{Error: &message}
}

func ask(scheme *runtime.Scheme, q question) (a answer) {
	defer func() {
		if crash := recover(); crash != nil {
			message := fmt.Sprint(crash)
			a = answer{Panic: &message}
		}
	}()
	objects := make([]client.Object, 0, len(q.Objects))
	for _, object := range q.Objects {
		objects = append(objects, &unstructured.Unstructured{Object: object})
	}
	server := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()
	kustomization := unstructured.Unstructured{Object: q.Kustomization}
	if q.Stream != "" {
		return askStream(server, kustomization, q)
	}
	resource, err := provider.NewDefaultDepProvider().GetResourceFactory().FromMap(q.Resource)
	if err != nil {
		return refused(err)
	}
	out, err := kustomize.SubstituteVariables(context.Background(), server, kustomization, resource,
		kustomize.SubstituteWithStrict(q.Strict), kustomize.SubstituteWithAlways(q.Always))
	switch {
	case err != nil:
		return refused(err)
	case out == nil:
		return answer{Disabled: true}
	}
	outcome, err := out.Map()
	if err != nil {
		return refused(err)
	}
	return answer{Resource: outcome}
}

// askStream substitutes in each object of a stream, as kustomize-controller does after a build.
func askStream(server client.Client, kustomization unstructured.Unstructured, q question) (a answer) {
	built, err := provider.NewDefaultDepProvider().GetResourceFactory().SliceFromBytes([]byte(q.Stream))
	if err != nil {
		return refused(err)
	}
	for _, resource := range built {
		out, err := kustomize.SubstituteVariables(context.Background(), server, kustomization, resource,
			kustomize.SubstituteWithStrict(q.Strict), kustomize.SubstituteWithAlways(q.Always))
		if err != nil {
			return refused(err)
		}
		if out == nil {
			out = resource
		}
		outcome, err := out.Map()
		if err != nil {
			return refused(err)
		}
		a.Resources = append(a.Resources, outcome)
	}
	return a
}

func main() {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		fmt.Fprintln(os.Stderr, "flux oracle:", err)
		os.Exit(2)
	}
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
		if err := answers.Encode(ask(scheme, q)); err != nil {
			os.Exit(2)
		}
		// Whoever shrinks a case asks one question at a time and waits.
		if questions.Buffered().(interface{ Len() int }).Len() <= 1 {
			out.Flush()
		}
	}
	out.Flush()
}
