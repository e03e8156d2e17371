; A body's docstring: its first statement, a string without an f or b prefix.

(_ . (expression_statement . (string (string_start) @start) @docstring .)
  (#match? @start "^[rRuU]?[\"']"))
(_ . (expression_statement . (concatenated_string . (string (string_start) @start)) @docstring .)
  (#match? @start "^[rRuU]?[\"']"))
