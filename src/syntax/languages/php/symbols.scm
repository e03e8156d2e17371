; The symbols of one level: run on a file or a class's body; @container is visited next.

(function_definition name: (_) @name body: (compound_statement "{" @end)) @function
(method_declaration name: (_) @name body: (compound_statement "{" @end)) @function
(method_declaration name: (_) @name !body) @function
(class_declaration name: (_) @name body: (declaration_list "{" @end) @container) @class
(interface_declaration name: (_) @name body: (declaration_list "{" @end) @container) @class
(trait_declaration name: (_) @name body: (declaration_list "{" @end) @container) @class
(enum_declaration name: (_) @name body: (enum_declaration_list "{" @end) @container) @class
(const_declaration (const_element (name) @name)) @constant
(property_declaration (property_element name: (_) @name)) @constant
(namespace_definition body: (compound_statement) @container)

(namespace_use_declaration) @import
