// The smallest KRM function that kpt's SDK can make: it reads the ResourceList, changes nothing, and
// writes it. The benches hold ours against it, because this is what a function of the Go SDK costs
// before its author has written a line.
package main

import (
	"os"

	"github.com/kptdev/krm-functions-sdk/go/fn"
)

func main() {
	nothing := fn.ResourceListProcessorFunc(func(*fn.ResourceList) (bool, error) { return true, nil })
	if err := fn.AsMain(nothing); err != nil {
		os.Exit(1)
	}
}
