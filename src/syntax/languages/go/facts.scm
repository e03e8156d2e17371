; What a level of a file says: run on a file.

(function_declaration name: (_) @name parameters: (_) @list result: (_)? @returns body: (block "{" @end) @body) @function
(method_declaration name: (_) @name parameters: (_) @list result: (_)? @returns body: (block "{" @end) @body) @function
(type_declaration (type_spec name: (_) @name)) @class
(type_declaration (type_alias name: (_) @name)) @alias
(const_declaration (const_spec name: (identifier) @name)) @constant
(var_declaration (var_spec name: (identifier) @name)) @constant

(import_declaration (import_spec path: (interpreted_string_literal) @module))
(import_declaration (import_spec_list (import_spec path: (interpreted_string_literal) @module)))
