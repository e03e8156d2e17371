; Statements that stand for a body yet to be written.

(pass_statement) @stub
(expression_statement . (ellipsis) .) @stub
(raise_statement . (identifier) @error . (#eq? @error "NotImplementedError")) @stub
(raise_statement . (call function: (identifier) @error) . (#eq? @error "NotImplementedError")) @stub
