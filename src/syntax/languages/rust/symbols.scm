; The symbols of one level: run on a file or a list of declarations, never deeper than its children; @container is visited next.

(function_item name: (_) @name body: (block "{" @end)) @function
(function_signature_item name: (_) @name) @function

(struct_item name: (_) @name body: (field_declaration_list "{" @end)) @class
(struct_item name: (_) @name !body) @class
(struct_item name: (_) @name body: (ordered_field_declaration_list)) @class
(union_item name: (_) @name body: (_ "{" @end)) @class
(enum_item name: (_) @name body: (_ "{" @end)) @class
(trait_item name: (_) @name body: (declaration_list "{" @end) @container) @class
(impl_item type: [(type_identifier) @name (generic_type type: (_) @name) (scoped_type_identifier name: (_) @name)] body: (declaration_list "{" @end) @container) @class
(mod_item name: (_) @name body: (declaration_list "{" @end) @container) @class

(const_item name: (_) @name) @constant
(static_item name: (_) @name) @constant
(type_item name: (_) @name) @alias
(macro_definition name: (_) @name) @alias

(use_declaration) @import
(extern_crate_declaration) @import
