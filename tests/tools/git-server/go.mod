// git's own HTTP server, `git http-backend`, behind Go's CGI: what Flux's source-controller reads from.
module lbpools.dev/tests/tools/git-server

go 1.24.0
