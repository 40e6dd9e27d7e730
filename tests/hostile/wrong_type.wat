;; Has the interface and all three names; each of them takes nothing and returns a number.
(component
  (core module $module (func (export "number") (result i32) (i32.const 7)))
  (core instance $instance (instantiate $module))
  (func $number (result u32) (canon lift (core func $instance "number")))
  (instance $run
    (export "evaluate" (func $number))
    (export "report" (func $number))
    (export "describe" (func $number)))
  (export "lbpools:function/run@0.1.0" (instance $run))
)
