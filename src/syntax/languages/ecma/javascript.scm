
; Functions and classes of JavaScript.

(function_declaration name: (_) @name parameters: (_) @list body: (statement_block "{" @end) @body) @function
(generator_function_declaration name: (_) @name parameters: (_) @list body: (statement_block "{" @end) @body) @function
(method_definition name: (_) @name parameters: (_) @list body: (statement_block "{" @end) @body) @function
(lexical_declaration (variable_declarator name: (identifier) @name value: (arrow_function parameters: (_) @list body: (statement_block "{" @end) @body))) @function
(class_declaration name: (_) @name body: (class_body "{" @end) @body @container) @class
(field_definition property: (property_identifier) @name) @constant
