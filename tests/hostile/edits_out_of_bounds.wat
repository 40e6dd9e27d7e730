;; Edits bytes of its source that are not there.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
  (func (export "lbpools:function/run@0.1.0#evaluate") (param i32 i32 i32 i32) (result i32)
    ;; edit { start: 1000000, end: 1000001, text: (0, 0) } at 256
    (i64.store (i32.const 256) (i64.const 1000000))
    (i64.store offset=8 (i32.const 256) (i64.const 1000001))
    ;; change { path: (0, 0), text: some(edits (256, 1)) } at 128
    (i32.store8 offset=8 (i32.const 128) (i32.const 1))
    (i32.store8 offset=12 (i32.const 128) (i32.const 1))
    (i32.store offset=16 (i32.const 128) (i32.const 256))
    (i32.store offset=20 (i32.const 128) (i32.const 1))
    ;; evaluation { verdict: clean, changes: (128, 1), summary: (0, 0) }
    (i32.store offset=4 (i32.const 16) (i32.const 128))
    (i32.store offset=8 (i32.const 16) (i32.const 1))
    (i32.const 16))
  (func (export "lbpools:function/run@0.1.0#report") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "lbpools:function/run@0.1.0#describe") (result i32) unreachable)
)
