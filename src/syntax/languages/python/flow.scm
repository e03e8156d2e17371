; How statements go on; run on a whole file.

; Says that it is yet to be written.
(raise_statement . (identifier) @error (#eq? @error "NotImplementedError")) @refused
(raise_statement . (call function: (identifier) @error) (#eq? @error "NotImplementedError")) @refused

; What stands behind it in its block is not come to.
(raise_statement) @ended
(return_statement) @ended
(continue_statement) @ended
(break_statement) @ended

; Its function gives something.
(return_statement (_)) @given
(yield) @given

; Does nothing.
(pass_statement) @nothing
(expression_statement . [(ellipsis) (string) (concatenated_string)] .) @nothing

; Goes away with nothing.
(return_statement . (none) .) @left
(return_statement . "return" .) @left
(continue_statement) @left
(break_statement) @left

; One of its blocks is run, however it goes.
(if_statement alternative: (else_clause)) @entered
(try_statement) @entered

; So is what is in it, but what is raised there may go no further.
(with_statement) @entered @managed
