; An empty body is right where nothing is returned.

(method_declaration type: (void_type) body: (block . "{" . "}" .)) @declared
(constructor_declaration body: (constructor_body . "{" . "}" .)) @declared
