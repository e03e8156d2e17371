; The parts of each definition.

(function_declaration name: (_) @name body: (_) @body) @definition
(method_declaration name: (_) @name body: (_) @body) @definition
(type_spec name: (_) @name type: (struct_type (field_declaration_list) @body)) @definition
(type_spec name: (_) @name type: (interface_type) @body) @definition
