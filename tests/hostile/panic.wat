;; Traps like a Rust guest whose panic hook has left the text in memory: marker, length in four bytes, text.
(module
  (memory (export "memory") 2)
  (data (i32.const 70000) "\00lbpools\00panic:\00" "\2c\00\00\00" "panicked at src/run.rs:7:9:\nout of addresses and more that is not part of the text")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
  (func (export "lbpools:function/run@0.1.0#evaluate") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "lbpools:function/run@0.1.0#report") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "lbpools:function/run@0.1.0#describe") (result i32) unreachable)
)
