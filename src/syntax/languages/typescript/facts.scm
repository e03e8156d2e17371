
; Functions, classes and types of TypeScript.

(function_declaration name: (_) @name parameters: (_) @list return_type: (type_annotation (_) @returns)? body: (statement_block "{" @end) @body) @function
(generator_function_declaration name: (_) @name parameters: (_) @list body: (statement_block "{" @end) @body) @function
(method_definition name: (_) @name parameters: (_) @list return_type: (type_annotation (_) @returns)? body: (statement_block "{" @end) @body) @function
(lexical_declaration (variable_declarator name: (identifier) @name value: (arrow_function parameters: (_) @list return_type: (type_annotation (_) @returns)? body: (statement_block "{" @end) @body))) @function
(class_declaration name: (_) @name body: (class_body "{" @end) @body @container) @class
(abstract_class_declaration name: (_) @name body: (class_body "{" @end) @body @container) @class
(public_field_definition name: (property_identifier) @name type: (type_annotation (_) @returns)?) @constant
(interface_declaration name: (_) @name body: (interface_body)) @class
(enum_declaration name: (_) @name) @class
(type_alias_declaration name: (_) @name) @alias
(function_signature name: (_) @name parameters: (_) @list) @function
(method_signature name: (_) @name parameters: (_) @list) @function
(abstract_method_signature name: (_) @name parameters: (_) @list) @function
