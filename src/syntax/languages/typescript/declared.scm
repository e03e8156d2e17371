
; An empty body is right where nothing is returned.
(function_declaration return_type: (type_annotation (predefined_type) @type) body: (statement_block . "{" . "}" .) (#eq? @type "void")) @declared
(method_definition return_type: (type_annotation (predefined_type) @type) body: (statement_block . "{" . "}" .) (#eq? @type "void")) @declared
