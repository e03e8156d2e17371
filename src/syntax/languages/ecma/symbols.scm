; The symbols of one level: run on a file or a class's body, never deeper than its children; @container is visited next.

(function_declaration name: (_) @name body: (statement_block "{" @end)) @function
(generator_function_declaration name: (_) @name body: (statement_block "{" @end)) @function
(method_definition name: (_) @name body: (statement_block "{" @end)) @function
(lexical_declaration (variable_declarator name: (identifier) @name value: (arrow_function body: (statement_block "{" @end)))) @function
(lexical_declaration (variable_declarator name: (identifier) @name value: (function_expression body: (statement_block "{" @end)))) @function
(class_declaration name: (_) @name body: (class_body "{" @end) @container) @class
(lexical_declaration (variable_declarator name: (identifier) @name)) @constant
(variable_declaration (variable_declarator name: (identifier) @name)) @constant

(import_statement) @import

(export_statement) @container
