; What a level of a file says: run on a file or a list of members; @container is visited next.

(method_declaration returns: (_) @returns name: (_) @name parameters: (_) @list body: (block "{" @end) @body) @function
(method_declaration returns: (_) @returns name: (_) @name parameters: (_) @list !body) @function
(method_declaration returns: (_) @returns name: (_) @name parameters: (_) @list body: (arrow_expression_clause)) @function
(constructor_declaration name: (_) @name parameters: (_) @list body: (block "{" @end) @body) @function
(class_declaration name: (_) @name body: (declaration_list "{" @end) @body @container) @class
(struct_declaration name: (_) @name body: (declaration_list "{" @end) @body @container) @class
(interface_declaration name: (_) @name body: (declaration_list "{" @end) @body @container) @class
(record_declaration name: (_) @name) @class
(enum_declaration name: (_) @name) @class
(namespace_declaration body: (declaration_list) @container)
(property_declaration type: (_) @returns name: (_) @name) @constant
(field_declaration (variable_declaration type: (_) @returns (variable_declarator name: (_) @name))) @constant

(using_directive (_) @module)
