
; Of TypeScript.
(abstract_class_declaration name: (_) @name body: (class_body "{" @end) @container) @class
(interface_declaration name: (_) @name body: (interface_body "{" @end)) @class
(enum_declaration name: (_) @name body: (enum_body "{" @end)) @class
(type_alias_declaration name: (_) @name) @alias
(expression_statement (internal_module name: (_) @name body: (statement_block "{" @end) @container)) @class
(function_signature name: (_) @name) @function
(method_signature name: (_) @name) @function
(abstract_method_signature name: (_) @name) @function
