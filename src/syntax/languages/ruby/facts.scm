; What a level of a file says: run on a file or a class's body; @container is visited next.

(method name: (_) @name parameters: (_) @list @end body: (_)? @body) @function
(method name: (_) @name @end !parameters body: (_)? @body) @function
(singleton_method name: (_) @name parameters: (_) @list @end body: (_)? @body) @function
(singleton_method name: (_) @name @end !parameters body: (_)? @body) @function
(class name: (_) @name superclass: (_) @end body: (_)? @body @container) @class
(class name: (_) @name @end !superclass body: (_)? @body @container) @class
(module name: (_) @name @end body: (_)? @body @container) @class
(assignment left: (constant) @name) @constant

; What `require_relative` names is found by its names.
(call method: (identifier) @call !receiver arguments: (argument_list (string) @module) (#eq? @call "require"))
