; An empty body is right where an object needs nothing.

(method name: (_) @name !body (#eq? @name "initialize")) @declared
