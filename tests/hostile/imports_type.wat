;; Imports nothing but a type: no function could be reached by it, and still it is refused. There is one rule.
(component
  (import "evil:types/names@1.0.0" (instance (type (enum "a" "b")) (export "name" (type (eq 0)))))
)
