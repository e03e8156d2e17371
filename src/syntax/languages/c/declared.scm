; An empty body is right where nothing is returned.

(function_definition type: (primitive_type) @type declarator: (function_declarator) body: (compound_statement . "{" . "}" .) (#eq? @type "void")) @declared
