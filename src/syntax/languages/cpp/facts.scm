; What a level of a file says: run on a file, a namespace, a class's members, or what is between conditions; @container is
; visited next.

(function_definition
  declarator: [
    (function_declarator declarator: [(identifier) @name (field_identifier) @name (qualified_identifier name: (_) @name)] parameters: (_) @list)
    (pointer_declarator declarator: (function_declarator declarator: [(identifier) @name (field_identifier) @name] parameters: (_) @list))
    (reference_declarator (function_declarator declarator: [(identifier) @name (field_identifier) @name] parameters: (_) @list))
  ]
  body: (compound_statement "{" @end) @body) @function
(declaration type: (_) @returns declarator: [
  (function_declarator declarator: (identifier) @name parameters: (_) @list)
  (pointer_declarator declarator: (function_declarator declarator: (identifier) @name parameters: (_) @list))
  (reference_declarator (function_declarator declarator: (identifier) @name parameters: (_) @list))
]) @function
(declaration type: (_) @returns declarator: (init_declarator declarator: (identifier) @name)) @constant
(field_declaration type: (_) @returns declarator: (function_declarator declarator: (field_identifier) @name parameters: (_) @list)) @function
(field_declaration type: (_) @returns declarator: (field_identifier) @name) @constant
[
  (class_specifier name: (_) @name body: (field_declaration_list "{" @end) @body @container)
  (struct_specifier name: (_) @name body: (field_declaration_list "{" @end) @body @container)
  (namespace_definition name: (_) @name body: (declaration_list "{" @end) @body @container)
  (union_specifier name: (_) @name body: (_))
  (enum_specifier name: (_) @name body: (_))
] @class
(type_definition declarator: (type_identifier) @name) @alias
(alias_declaration name: (_) @name) @alias
(preproc_def name: (_) @name) @constant
(preproc_function_def name: (_) @name) @alias

(preproc_include path: (_) @module)

[(preproc_ifdef) (preproc_if) (template_declaration)] @container
