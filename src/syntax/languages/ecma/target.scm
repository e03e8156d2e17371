; The parts of each definition; what stands in a variable is called by that.

(function_declaration name: (_) @name body: (_) @body) @definition
(generator_function_declaration name: (_) @name body: (_) @body) @definition
(method_definition name: (_) @name body: (_) @body) @definition
(variable_declarator name: (identifier) @name value: (arrow_function body: (statement_block) @body)) @definition
(variable_declarator name: (identifier) @name value: (function_expression body: (_) @body)) @definition
(class_declaration name: (_) @name body: (_) @body) @definition
