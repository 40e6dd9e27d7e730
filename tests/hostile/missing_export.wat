;; Has the interface with `describe` only.
(component
  (core module $module
    (memory (export "memory") 1)
    (func (export "describe") (result i32) unreachable))
  (core instance $instance (instantiate $module))
  (func $describe (result (list u8))
    (canon lift (core func $instance "describe") (memory (core memory $instance "memory"))))
  (instance $run (export "describe" (func $describe)))
  (export "lbpools:function/run@0.1.0" (instance $run))
)
