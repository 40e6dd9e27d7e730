// A directory as the artifact that Flux's OCIRepository reads, pushed with the library that `flux push artifact` is.
// Two arguments: the reference, such as 127.0.0.1:5000/fleet:latest, and the directory. It prints the digest.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/fluxcd/pkg/oci"
	"github.com/google/go-containerregistry/pkg/crane"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: push REFERENCE DIRECTORY")
	}
	client := oci.NewClient([]crane.Option{crane.Insecure})
	pushed, err := client.Push(context.Background(), os.Args[1], os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	_, digest, _ := strings.Cut(pushed, "@")
	fmt.Println(digest)
}
