; Statements that stand for a body yet to be written.

(throw_statement (new_expression constructor: (identifier) @error arguments: (arguments (string) @text))
  (#eq? @error "Error") (#match? @text "(?i)implement|todo")) @stub
(throw_statement (new_expression constructor: (identifier) @error arguments: (arguments . "(" . ")" .))
  (#eq? @error "Error")) @stub
