; The parts of each definition: functions, members in their class or out of it, and what returns pointers or references. One
; pattern for all of them: each one of its own would take as long to compile.

(function_definition
  declarator: [
    (function_declarator declarator: [
      (identifier) @name
      (field_identifier) @name
      (destructor_name) @name
      (operator_name) @name
      (qualified_identifier name: [(identifier) (destructor_name) (operator_name)] @name)
      (qualified_identifier name: (qualified_identifier name: (_) @name))
    ])
    (pointer_declarator declarator: (function_declarator declarator: [
      (identifier) @name
      (field_identifier) @name
      (qualified_identifier name: (_) @name)
    ]))
    (reference_declarator (function_declarator declarator: [
      (identifier) @name
      (field_identifier) @name
      (operator_name) @name
      (qualified_identifier name: (_) @name)
    ]))
  ]
  body: (compound_statement) @body) @definition
[
  (struct_specifier name: (_) @name body: (_) @body)
  (union_specifier name: (_) @name body: (_) @body)
  (enum_specifier name: (_) @name body: (_) @body)
  (class_specifier name: (_) @name body: (_) @body)
  (namespace_definition name: (_) @name body: (_) @body)
] @definition
