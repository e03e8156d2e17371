; Statements that stand for a body yet to be written.

(block (macro_invocation macro: (identifier) @macro (#any-of? @macro "todo" "unimplemented")) @stub)
(expression_statement . (macro_invocation macro: (identifier) @macro (#any-of? @macro "todo" "unimplemented"))) @stub
