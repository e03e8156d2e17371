; Statements that stand for a body yet to be written. Run on a body.

(block (statement_list (expression_statement (call_expression
  function: (identifier) @call arguments: (argument_list (interpreted_string_literal) @text))) @stub)
  (#eq? @call "panic") (#match? @text "(?i)implement|todo"))
