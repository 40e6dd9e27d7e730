// A registry to push kpt functions to, from go-containerregistry: the library that kpt itself pushes with.
module lbpools.dev/tests/tools/registry

go 1.24.0

require github.com/google/go-containerregistry v0.20.5
