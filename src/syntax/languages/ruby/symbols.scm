; The symbols of one level: run on a file or a class's body; @container is visited next.

(method name: (_) @name parameters: (_) @end) @function
(method name: (_) @name @end !parameters) @function
(singleton_method name: (_) @name parameters: (_) @end) @function
(singleton_method name: (_) @name @end !parameters) @function
(class name: (_) @name superclass: (_) @end body: (_)? @container) @class
(class name: (_) @name @end !superclass body: (_)? @container) @class
(module name: (_) @name @end body: (_)? @container) @class
(assignment left: (constant) @name) @constant

(call method: (identifier) @call !receiver (#any-of? @call "require" "require_relative")) @import
