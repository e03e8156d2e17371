
; Of C++.
(function_definition declarator: (function_declarator declarator: (field_identifier) @name parameters: (_) @list) body: (compound_statement "{" @end) @body) @function
(function_definition declarator: (function_declarator declarator: (qualified_identifier name: (_) @name) parameters: (_) @list) body: (compound_statement "{" @end) @body) @function
(function_definition declarator: (reference_declarator (function_declarator declarator: (_) @name parameters: (_) @list)) body: (compound_statement "{" @end) @body) @function
(field_declaration type: (_) @returns declarator: (function_declarator declarator: (field_identifier) @name parameters: (_) @list)) @function
(field_declaration type: (_) @returns declarator: (field_identifier) @name) @constant
(class_specifier name: (_) @name body: (field_declaration_list "{" @end) @body @container) @class
(struct_specifier name: (_) @name body: (field_declaration_list "{" @end) @body @container) @class
(namespace_definition name: (_) @name body: (declaration_list "{" @end) @body @container) @class
(alias_declaration name: (_) @name) @alias

(template_declaration) @container
