; Statements that stand for a body yet to be written.

(expression_statement (call_expression function: (identifier) @call arguments: (argument_list . "(" . ")" .)) (#eq? @call "abort")) @stub
