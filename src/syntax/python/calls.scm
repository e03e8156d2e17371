; Calls of plain names, and what they are given.

(call function: (identifier) @function arguments: (argument_list) @arguments)

; Inside of a list of arguments: what has a name, and what stands for any number of them.
(argument_list (keyword_argument name: (identifier) @keyword))
(argument_list (list_splat) @any)
(argument_list (dictionary_splat) @any)
