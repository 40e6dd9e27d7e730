;; Hands back 100,000 changes that all point to the same 64 KiB: two megabytes in here, six gigabytes in the host.
(module
  (memory (export "memory") 64)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
  (func (export "lbpools:function/run@0.1.0#evaluate") (param i32 i32 i32 i32) (result i32)
    (local $change i32) (local $left i32)
    (local.set $change (i32.const 65536))
    (local.set $left (i32.const 100000))
    (loop $next
      ;; change { path: (0, 0), text: some(whole (0, 65536)) }, 24 bytes
      (i32.store8 offset=8 (local.get $change) (i32.const 1))
      (i32.store offset=20 (local.get $change) (i32.const 65536))
      (local.set $change (i32.add (local.get $change) (i32.const 24)))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    ;; evaluation { verdict: clean, changes: (65536, 100000), summary: (0, 0) }
    (i32.store offset=4 (i32.const 16) (i32.const 65536))
    (i32.store offset=8 (i32.const 16) (i32.const 100000))
    (i32.const 16))
  (func (export "lbpools:function/run@0.1.0#report") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "lbpools:function/run@0.1.0#describe") (result i32) unreachable)
)
