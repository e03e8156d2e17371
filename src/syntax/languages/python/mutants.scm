; What can be made another thing of, so that tests should notice; run on a whole file.

; Looked up by its kind in the language's table.
(binary_operator operator: _ @swapped)
(comparison_operator operators: _ @swapped)
(boolean_operator operator: _ @swapped)
(augmented_assignment operator: _ @swapped)
[(true) (false)] @swapped

; The whole becomes what is kept of it.
(not_operator argument: (_) @kept) @dropped

[(integer) (float)] @number

(return_statement [(expression) (expression_list)] @returned)

(if_statement condition: (_) @condition)
(elif_clause condition: (_) @condition)
(while_statement condition: (_) @condition)
(conditional_expression "if" . (_) @condition)

; Types do nothing when they run, or fail before any test does.
(type) @type
