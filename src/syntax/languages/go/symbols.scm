; The symbols of one level: run on a file.

(function_declaration name: (_) @name body: (block "{" @end)) @function
(method_declaration name: (_) @name body: (block "{" @end)) @function
(type_declaration (type_spec name: (_) @name)) @class
(type_declaration (type_alias name: (_) @name)) @alias
(const_declaration (const_spec name: (identifier) @name)) @constant
(var_declaration (var_spec name: (identifier) @name)) @constant
(var_declaration (var_spec_list (var_spec name: (identifier) @name))) @constant

(import_declaration) @import
