; What an initialiser gives to its object: run on its body. @type is written there, @made is the class that is called,
; @given is the parameter whose type it has.

(assignment left: (attribute object: (identifier) @object attribute: (identifier) @name) type: (type) @type)
(assignment left: (attribute object: (identifier) @object attribute: (identifier) @name) right: (call function: [(identifier) (attribute)] @made))
(assignment left: (attribute object: (identifier) @object attribute: (identifier) @name) right: (identifier) @given)
(assignment left: (attribute object: (identifier) @object attribute: (identifier) @name) right: (boolean_operator left: (identifier) @given))
