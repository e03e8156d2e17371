; What a level of a file says: run on a file or a class's body, never deeper than the statements in it; @container is
; visited next. What functions and classes look like is told by each language for itself.

(lexical_declaration (variable_declarator name: (identifier) @name)) @constant
(variable_declaration (variable_declarator name: (identifier) @name)) @constant

(export_statement) @container

(import_statement (import_clause (identifier) @as) source: (string (string_fragment) @module))
(import_statement (import_clause (namespace_import (identifier) @as)) source: (string (string_fragment) @module))
(import_statement (import_clause (named_imports (import_specifier name: (identifier) @member !alias))) source: (string (string_fragment) @module))
(import_statement (import_clause (named_imports (import_specifier name: (identifier) @member alias: (identifier) @as))) source: (string (string_fragment) @module))
