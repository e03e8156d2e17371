; What a level of a file says: run on a file or a class's body; @container is visited next.

(function_definition name: (_) @name parameters: (_) @list return_type: (_)? @returns body: (compound_statement "{" @end) @body) @function
(method_declaration name: (_) @name parameters: (_) @list return_type: (_)? @returns body: (compound_statement "{" @end) @body) @function
(method_declaration name: (_) @name parameters: (_) @list return_type: (_)? @returns !body) @function
(class_declaration name: (_) @name body: (declaration_list "{" @end) @body @container) @class
(interface_declaration name: (_) @name body: (declaration_list "{" @end) @body @container) @class
(trait_declaration name: (_) @name body: (declaration_list "{" @end) @body @container) @class
(enum_declaration name: (_) @name body: (enum_declaration_list "{" @end) @body @container) @class
(const_declaration (const_element (name) @name)) @constant
(property_declaration type: (_)? @returns (property_element name: (_) @name)) @constant

(namespace_use_declaration (namespace_use_clause (qualified_name prefix: (_) @module (name) @member)))
