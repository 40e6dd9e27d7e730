;; Wants the host to run a shell command.
(component
  (import "shell" (func (param "command" string) (result string)))
)
