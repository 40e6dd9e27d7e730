module lbpools.dev/oracle/cilium

go 1.25.0

require github.com/cilium/cilium v1.15.19
