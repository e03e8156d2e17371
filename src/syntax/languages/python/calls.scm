; Calls of plain names and of members of plain names, and what they are given.

(call function: (identifier) @function arguments: (argument_list) @arguments)
(call function: (attribute object: (identifier) @object attribute: (identifier) @function) arguments: (argument_list) @arguments)

; A name that is what a call makes.
(assignment left: (identifier) @given right: (call arguments: (argument_list) @by))

; Inside of a list of arguments: what has a name, and what stands for any number of them.
(argument_list (keyword_argument name: (identifier) @keyword))
(argument_list (list_splat) @any)
(argument_list (dictionary_splat) @any)

; Where a failure is what is expected: tests of errors, attempts.
(with_statement (with_clause) @how body: (block) @attempt (#match? @how "[Rr]aises|suppress"))
(try_statement body: (block) @attempt (except_clause value: (_) @how) (#match? @how "TypeError|AttributeError|NameError|ImportError|ModuleNotFoundError"))
