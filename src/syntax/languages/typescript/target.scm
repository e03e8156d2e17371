
; Of TypeScript.
(abstract_class_declaration name: (_) @name body: (_) @body) @definition
(interface_declaration name: (_) @name body: (_) @body) @definition
(enum_declaration name: (_) @name body: (_) @body) @definition
(internal_module name: (_) @name body: (_) @body) @definition
