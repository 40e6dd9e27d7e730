// What kustomize-controller does to a manifest before it applies it: defaults that Kubernetes' own kinds would
// otherwise be missing in a server-side apply, by the library that does it there.
// Standard input is a JSON list of objects; standard output the same list, as it would be applied.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/fluxcd/pkg/ssa/normalize"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func main() {
	var manifests []map[string]any
	if err := json.NewDecoder(os.Stdin).Decode(&manifests); err != nil {
		log.Fatal(err)
	}
	objects := make([]*unstructured.Unstructured, len(manifests))
	for i, manifest := range manifests {
		objects[i] = &unstructured.Unstructured{}
		// By way of its own reading: it wants whole numbers as int64.
		text, err := json.Marshal(manifest)
		if err == nil {
			err = objects[i].UnmarshalJSON(text)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
	if err := normalize.UnstructuredList(objects); err != nil {
		log.Fatal(err)
	}
	for i, object := range objects {
		manifests[i] = object.Object
	}
	if err := json.NewEncoder(os.Stdout).Encode(manifests); err != nil {
		log.Fatal(err)
	}
}
