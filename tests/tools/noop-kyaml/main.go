// The smallest KRM function that kyaml's framework can make: it reads the ResourceList, changes
// nothing, and writes it. The benches hold ours against it, because this is what a function of the
// Go SDK costs before its author has written a line.
package main

import (
	"os"

	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/fn/framework/command"
)

func main() {
	nothing := framework.ResourceListProcessorFunc(func(*framework.ResourceList) error { return nil })
	if err := command.Build(nothing, command.StandaloneEnabled, false).Execute(); err != nil {
		os.Exit(1)
	}
}
