; An empty body is right where nothing is returned.

(function_declaration !result body: (block . "{" . "}" .)) @declared
(method_declaration !result body: (block . "{" . "}" .)) @declared
