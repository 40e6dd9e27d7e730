;; Hands back a summary, which is a string, that is not UTF-8.
(module
  (memory (export "memory") 1)
  ;; evaluation { verdict: clean, changes: (0, 0), summary: (64, 2) }
  (data (i32.const 16) "\00\00\00\00" "\00\00\00\00" "\00\00\00\00" "\40\00\00\00" "\02\00\00\00")
  (data (i32.const 64) "\ff\fe")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
  (func (export "lbpools:function/run@0.1.0#evaluate") (param i32 i32 i32 i32) (result i32) (i32.const 16))
  (func (export "lbpools:function/run@0.1.0#report") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "lbpools:function/run@0.1.0#describe") (result i32) unreachable)
)
