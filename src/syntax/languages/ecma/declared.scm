; An empty constructor may be right.

(method_definition name: (property_identifier) @name body: (statement_block . "{" . "}" .) (#eq? @name "constructor")) @declared
