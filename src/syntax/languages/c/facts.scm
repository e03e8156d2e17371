; What a level of a file says: run on a file or what is between its conditions; @container is visited next.

(function_definition type: (_) @returns declarator: (function_declarator declarator: (identifier) @name parameters: (_) @list) body: (compound_statement "{" @end) @body) @function
(function_definition type: (_) @returns declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name parameters: (_) @list)) body: (compound_statement "{" @end) @body) @function
(declaration type: (_) @returns declarator: (function_declarator declarator: (identifier) @name parameters: (_) @list)) @function
(declaration type: (_) @returns declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name parameters: (_) @list))) @function
(declaration type: (_) @returns declarator: (init_declarator declarator: (identifier) @name)) @constant
(struct_specifier name: (_) @name body: (field_declaration_list)) @class
(union_specifier name: (_) @name body: (field_declaration_list)) @class
(enum_specifier name: (_) @name body: (enumerator_list)) @class
(type_definition declarator: (type_identifier) @name) @alias
(preproc_def name: (_) @name) @constant
(preproc_function_def name: (_) @name) @alias

(preproc_include path: (_) @module)

(preproc_ifdef) @container
(preproc_if) @container
