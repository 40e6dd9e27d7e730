// wazero, the WebAssembly runtime in pure Go that kustomize's KEP-4944 names for its functions.
module lbpools.dev/tests/tools/wazero

go 1.24.0

require github.com/tetratelabs/wazero v1.9.0
