; An empty body is right where nothing is returned.

(method_declaration returns: (predefined_type) @type body: (block . "{" . "}" .) (#eq? @type "void")) @declared
(constructor_declaration body: (block . "{" . "}" .)) @declared
