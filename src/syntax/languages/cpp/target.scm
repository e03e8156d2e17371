
; Of C++: members, in their class or out of it, and what returns a reference.
(function_definition declarator: (function_declarator declarator: [(field_identifier) (destructor_name) (operator_name)] @name) body: (compound_statement) @body) @definition
(function_definition declarator: (function_declarator declarator: (qualified_identifier name: [(identifier) (destructor_name) (operator_name)] @name)) body: (compound_statement) @body) @definition
(function_definition declarator: (function_declarator declarator: (qualified_identifier name: (qualified_identifier name: (_) @name))) body: (compound_statement) @body) @definition
(function_definition declarator: (pointer_declarator declarator: (function_declarator declarator: [(field_identifier) @name (qualified_identifier name: (_) @name)])) body: (compound_statement) @body) @definition
(function_definition declarator: (reference_declarator (function_declarator declarator: [(identifier) @name (field_identifier) @name (operator_name) @name (qualified_identifier name: (_) @name)])) body: (compound_statement) @body) @definition
(class_specifier name: (_) @name body: (_) @body) @definition
(namespace_definition name: (_) @name body: (_) @body) @definition
