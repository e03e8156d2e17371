
; Of C++.
(throw_statement (call_expression function: (_) @error arguments: (argument_list (string_literal) @text)) (#match? @error "logic_error|runtime_error") (#match? @text "(?i)implement|todo")) @stub
(expression_statement (call_expression function: (qualified_identifier) @call arguments: (argument_list . "(" . ")" .)) (#any-of? @call "std::abort" "std::terminate")) @stub
