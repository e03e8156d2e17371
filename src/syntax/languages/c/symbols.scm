; The symbols of one level: run on a file or what is between its conditions; @container is visited next.

(function_definition declarator: (function_declarator declarator: (identifier) @name) body: (compound_statement "{" @end)) @function
(function_definition declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name)) body: (compound_statement "{" @end)) @function
(declaration declarator: (function_declarator declarator: (identifier) @name)) @function
(declaration declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name))) @function
(declaration declarator: (init_declarator declarator: (identifier) @name)) @constant
(declaration declarator: (identifier) @name) @constant
(struct_specifier name: (_) @name body: (field_declaration_list "{" @end)) @class
(union_specifier name: (_) @name body: (field_declaration_list "{" @end)) @class
(enum_specifier name: (_) @name body: (enumerator_list "{" @end)) @class
(type_definition declarator: (type_identifier) @name) @alias
(preproc_def name: (_) @name) @constant
(preproc_function_def name: (_) @name) @alias

(preproc_include) @import

(preproc_ifdef) @container
(preproc_if) @container
