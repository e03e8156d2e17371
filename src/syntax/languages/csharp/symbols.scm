; The symbols of one level: run on a file or a list of members; @container is visited next.

(method_declaration name: (_) @name body: (block "{" @end)) @function
(method_declaration name: (_) @name body: (arrow_expression_clause)) @function
(method_declaration name: (_) @name !body) @function
(constructor_declaration name: (_) @name body: (block "{" @end)) @function
(local_function_statement name: (_) @name body: (block "{" @end)) @function
(class_declaration name: (_) @name body: (declaration_list "{" @end) @container) @class
(struct_declaration name: (_) @name body: (declaration_list "{" @end) @container) @class
(interface_declaration name: (_) @name body: (declaration_list "{" @end) @container) @class
(record_declaration name: (_) @name) @class
(record_declaration body: (declaration_list) @container)
(enum_declaration name: (_) @name) @class
(namespace_declaration body: (declaration_list) @container)
(property_declaration name: (_) @name) @constant
(field_declaration (variable_declaration (variable_declarator name: (_) @name))) @constant

(using_directive) @import

(global_statement) @container
