;; Traps in `evaluate` without a word. `describe` works and returns "fine", to show that the next call is served.
(module
  (memory (export "memory") 1)
  (data (i32.const 16) "\20\00\00\00" "\04\00\00\00") ;; pointer 32, length 4
  (data (i32.const 32) "fine")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
  (func (export "lbpools:function/run@0.1.0#evaluate") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "lbpools:function/run@0.1.0#report") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "lbpools:function/run@0.1.0#describe") (result i32) (i32.const 16))
)
