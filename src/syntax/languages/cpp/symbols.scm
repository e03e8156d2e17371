; The symbols of one level: run on a file, a namespace, a class's members, or what is between conditions; @container is
; visited next.

(function_definition
  declarator: [
    (function_declarator declarator: [(identifier) @name (field_identifier) @name (qualified_identifier name: (_) @name)])
    (pointer_declarator declarator: (function_declarator declarator: [(identifier) @name (field_identifier) @name]))
    (reference_declarator (function_declarator declarator: [(identifier) @name (field_identifier) @name]))
  ]
  body: (compound_statement "{" @end)) @function
(declaration declarator: [
  (function_declarator declarator: (identifier) @name)
  (pointer_declarator declarator: (function_declarator declarator: (identifier) @name))
  (reference_declarator (function_declarator declarator: (identifier) @name))
]) @function
(declaration declarator: [(init_declarator declarator: (identifier) @name) (identifier) @name]) @constant
(field_declaration declarator: (function_declarator declarator: (field_identifier) @name)) @function
(field_declaration declarator: (field_identifier) @name) @constant
[
  (class_specifier name: (_) @name body: (field_declaration_list "{" @end) @container)
  (struct_specifier name: (_) @name body: (field_declaration_list "{" @end) @container)
  (namespace_definition name: (_) @name body: (declaration_list "{" @end) @container)
  (union_specifier name: (_) @name body: (field_declaration_list "{" @end))
  (enum_specifier name: (_) @name body: (enumerator_list "{" @end))
] @class
(type_definition declarator: (type_identifier) @name) @alias
(alias_declaration name: (_) @name) @alias
(preproc_def name: (_) @name) @constant
(preproc_function_def name: (_) @name) @alias

(preproc_include) @import

[(preproc_ifdef) (preproc_if) (template_declaration)] @container
