;; Hands back a text that begins at the end of its memory.
(module
  (memory (export "memory") 1)
  (data (i32.const 16) "\00\00\01\00" "\08\00\00\00") ;; pointer 65536, length 8
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
  (func (export "lbpools:function/run@0.1.0#evaluate") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "lbpools:function/run@0.1.0#report") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "lbpools:function/run@0.1.0#describe") (result i32) (i32.const 16))
)
