; The parts of each definition. No token opens its body: that begins behind the last @opener, a part of its header.

(method name: (_) @name @opener parameters: (_)? @opener "end") @definition @body
(singleton_method name: (_) @name @opener parameters: (_)? @opener "end") @definition @body
(class name: (_) @name @opener superclass: (_)? @opener "end") @definition @body
(module name: (_) @name @opener "end") @definition @body
