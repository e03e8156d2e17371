; What a level of a file says: run on a file or a class's body; @container is visited next.

(method_declaration type: (_) @returns name: (_) @name parameters: (_) @list body: (block "{" @end) @body) @function
(method_declaration type: (_) @returns name: (_) @name parameters: (_) @list !body) @function
(constructor_declaration name: (_) @name parameters: (_) @list body: (constructor_body "{" @end) @body) @function
(class_declaration name: (_) @name body: (class_body "{" @end) @body @container) @class
(interface_declaration name: (_) @name body: (interface_body "{" @end) @body @container) @class
(record_declaration name: (_) @name body: (class_body "{" @end) @body @container) @class
(enum_declaration name: (_) @name) @class
(field_declaration type: (_) @returns declarator: (variable_declarator name: (_) @name)) @constant

(import_declaration (scoped_identifier scope: (_) @module name: (_) @member))
