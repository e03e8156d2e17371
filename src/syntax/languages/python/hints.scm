; What the header of a function says of types; run on a whole file.

(function_definition) @function

(function_definition return_type: (type) @result)

; Parameters without a type, but for the object that a method belongs to.
(function_definition parameters: (parameters
  [(identifier) (default_parameter) (tuple_pattern) (list_splat_pattern) (dictionary_splat_pattern)] @bare)
  (#not-any-of? @bare "self" "cls" "mcs"))
