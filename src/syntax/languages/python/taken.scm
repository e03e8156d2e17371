; What imports take, wherever they stand: of a @module a @member, as another name. Part of what a level of a file says, too.

(import_statement name: (dotted_name) @module)
(import_statement name: (aliased_import name: (dotted_name) @module alias: (identifier) @as))
(import_from_statement module_name: (_) @module name: (dotted_name) @member)
(import_from_statement module_name: (_) @module name: (aliased_import name: (dotted_name) @member alias: (identifier) @as))
(import_from_statement module_name: (_) @module (wildcard_import) @member)
