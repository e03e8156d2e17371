; The symbols of one level: run on a file or a class's body; @container is visited next.

(method_declaration name: (_) @name body: (block "{" @end)) @function
(method_declaration name: (_) @name !body) @function
(constructor_declaration name: (_) @name body: (constructor_body "{" @end)) @function
(class_declaration name: (_) @name body: (class_body "{" @end) @container) @class
(interface_declaration name: (_) @name body: (interface_body "{" @end) @container) @class
(enum_declaration name: (_) @name body: (enum_body "{" @end)) @class
(record_declaration name: (_) @name body: (class_body "{" @end) @container) @class
(field_declaration declarator: (variable_declarator name: (_) @name)) @constant

(import_declaration) @import
