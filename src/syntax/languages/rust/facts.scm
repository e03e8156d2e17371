; What a level of a file says: run on a file or a list of declarations, never deeper than the items in it; @container is
; visited next.

(function_item name: (_) @name parameters: (parameters) @list return_type: (_)? @returns body: (block "{" @end) @body) @function
(function_signature_item name: (_) @name parameters: (parameters) @list return_type: (_)? @returns) @function

(struct_item name: (_) @name body: (field_declaration_list)) @class
(struct_item name: (_) @name !body) @class
(struct_item name: (_) @name body: (ordered_field_declaration_list)) @class
(union_item name: (_) @name) @class
(enum_item name: (_) @name) @class
(trait_item name: (_) @name body: (declaration_list "{" @end) @body @container) @class
(impl_item type: [(type_identifier) @name (generic_type type: (_) @name) (scoped_type_identifier name: (_) @name)] body: (declaration_list "{" @end) @body @container) @class
(mod_item name: (_) @name body: (declaration_list "{" @end) @body @container) @class

(const_item name: (_) @name type: (_) @returns) @constant
(static_item name: (_) @name type: (_) @returns) @constant
(type_item name: (_) @name) @alias
(macro_definition name: (_) @name) @alias

(use_declaration argument: (scoped_identifier path: (_) @module name: (_) @member))
(use_declaration argument: (use_as_clause path: (scoped_identifier path: (_) @module name: (_) @member) alias: (_) @as))
(use_declaration argument: (scoped_use_list path: (_) @module list: (use_list (identifier) @member)))
(use_declaration argument: (scoped_use_list path: (_) @module list: (use_list (use_as_clause path: (identifier) @member alias: (_) @as))))
(use_declaration argument: (use_wildcard (_) @module "*" @member))
