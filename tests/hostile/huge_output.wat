;; Hands back all of its memory, 64 MiB, as the description. Costs it nothing; the host would have to copy it.
(module
  (memory (export "memory") 1024)
  (data (i32.const 16) "\00\00\00\00" "\00\00\00\04") ;; pointer 0, length 0x04000000
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
  (func (export "lbpools:function/run@0.1.0#evaluate") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "lbpools:function/run@0.1.0#report") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "lbpools:function/run@0.1.0#describe") (result i32) (i32.const 16))
)
