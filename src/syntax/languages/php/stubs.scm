; Statements that stand for a body yet to be written.

(expression_statement (throw_expression (object_creation_expression (arguments (argument [(string) (encapsed_string)] @text))))
  (#match? @text "(?i)implement|todo")) @stub
