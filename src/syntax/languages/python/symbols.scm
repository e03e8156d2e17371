; The symbols of one level: run on a module or a block, never deeper than its children; @container is visited next.

(function_definition name: (identifier) @name ":" @end) @function
(decorated_definition definition: (function_definition name: (identifier) @name ":" @end) @function) @whole

(class_definition name: (identifier) @name ":" @end body: (block) @container) @class
(decorated_definition definition: (class_definition name: (identifier) @name ":" @end body: (block) @container) @class) @whole

(expression_statement (assignment left: (identifier) @name)) @constant
(type_alias_statement left: (type (identifier) @name)) @alias
(type_alias_statement left: (type (generic_type (identifier) @name))) @alias

(import_statement) @import
(import_from_statement) @import
(future_import_statement) @import

(if_statement consequence: (block) @container)
(if_statement alternative: (else_clause body: (block) @container))
(try_statement body: (block) @container)
(try_statement (except_clause (block) @container))
(try_statement (else_clause body: (block) @container))
