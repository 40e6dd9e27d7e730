// Command oracle runs scenarios through the real LB-IPAM controller of one Cilium version.
//
// One scenario as JSON on each line of standard input, one outcome as JSON on each line of standard output.
// The package lbipam beside it is Cilium's own, put there by the build (see README.md).
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"lbpools.dev/oracle/cilium/lbipam"
)

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 1 {
			var scenario lbipam.Scenario
			if err := json.Unmarshal(line, &scenario); err != nil {
				fmt.Fprintln(os.Stderr, "oracle: cannot read the scenario:", err)
				os.Exit(2)
			}
			if err := encoder.Encode(scenario.Run()); err != nil {
				fmt.Fprintln(os.Stderr, "oracle: cannot write the outcome:", err)
				os.Exit(2)
			}
		}
		if in.Buffered() == 0 {
			out.Flush()
		}
		if err != nil {
			return
		}
	}
}
