
; Of C++.
(function_definition declarator: (function_declarator declarator: (field_identifier) @name) body: (compound_statement "{" @end)) @function
(function_definition declarator: (function_declarator declarator: (qualified_identifier name: (_) @name)) body: (compound_statement "{" @end)) @function
(function_definition declarator: (reference_declarator (function_declarator declarator: (_) @name)) body: (compound_statement "{" @end)) @function
(field_declaration declarator: (function_declarator declarator: (field_identifier) @name)) @function
(field_declaration declarator: (field_identifier) @name) @constant
(class_specifier name: (_) @name body: (field_declaration_list "{" @end) @container) @class
(struct_specifier name: (_) @name body: (field_declaration_list "{" @end) @container) @class
(namespace_definition name: (_) @name body: (declaration_list "{" @end) @container) @class
(alias_declaration name: (_) @name) @alias

(template_declaration) @container
