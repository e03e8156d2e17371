; The parts of each definition.

(function_item name: (_) @name body: (_) @body) @definition
(struct_item name: (_) @name body: (field_declaration_list) @body) @definition
(union_item name: (_) @name body: (_) @body) @definition
(enum_item name: (_) @name body: (_) @body) @definition
(trait_item name: (_) @name body: (_) @body) @definition
(mod_item name: (_) @name body: (_) @body) @definition

; What a block implements for is its name.
(impl_item type: [(type_identifier) @name (generic_type type: (_) @name) (scoped_type_identifier name: (_) @name)] body: (_) @body) @definition
