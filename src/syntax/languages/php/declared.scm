; An empty body is right where nothing is returned.

(method_declaration name: (_) @name body: (compound_statement . "{" . "}" .) (#eq? @name "__construct")) @declared
(method_declaration return_type: (_) @type body: (compound_statement . "{" . "}" .) (#eq? @type "void")) @declared
(function_definition return_type: (_) @type body: (compound_statement . "{" . "}" .) (#eq? @type "void")) @declared
