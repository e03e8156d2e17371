; What a level of a file says: run on a module or a block, never deeper than the statements in it; @container is visited
; next. @list and @returns are what a signature is made of: parameters or bases, and the type.

(function_definition name: (identifier) @name parameters: (parameters) @list return_type: (type)? @returns ":" @end body: (block)? @body) @function
(decorated_definition definition: (function_definition name: (identifier) @name parameters: (parameters) @list return_type: (type)? @returns ":" @end body: (block)? @body) @function) @whole

(class_definition name: (identifier) @name superclasses: (argument_list)? @list ":" @end body: (block) @body @container) @class
(decorated_definition definition: (class_definition name: (identifier) @name superclasses: (argument_list)? @list ":" @end body: (block) @body @container) @class) @whole

(expression_statement (assignment left: (identifier) @name type: (type)? @returns)) @constant
(expression_statement (assignment right: (assignment left: (identifier) @name))) @constant
(type_alias_statement left: (type (identifier) @name)) @alias
(type_alias_statement left: (type (generic_type (identifier) @name))) @alias

(expression_statement (assignment left: (identifier) @all right: [(list) (tuple)] @exports) (#eq? @all "__all__"))
(expression_statement (augmented_assignment left: (identifier) @all right: [(list) (tuple)] @exports) (#eq? @all "__all__"))

(if_statement consequence: (block) @container)
(if_statement alternative: (else_clause body: (block) @container))
(if_statement alternative: (elif_clause consequence: (block) @container))
(try_statement body: (block) @container)
(try_statement (except_clause (block) @container))
(try_statement (else_clause body: (block) @container))
(try_statement (finally_clause (block) @container))
(with_statement body: (block) @container)
