// A registry in memory on loopback, for `kpt alpha wasm push` and `pull`. It prints its address and ends when its
// standard input does, so that no test leaves one behind.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	// Before its first push a repository answers NAME_UNKNOWN here, which kpt takes for a failure; most registries
	// answer MANIFEST_UNKNOWN, which it knows. So repository `functions` has something in it from the start.
	first := httptest.NewRequest(http.MethodPut, "/v2/functions/manifests/first", strings.NewReader("{}"))
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, first)
	if answer.Code != http.StatusCreated {
		log.Fatal(answer.Body)
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal(http.Serve(listener, handler))
}
