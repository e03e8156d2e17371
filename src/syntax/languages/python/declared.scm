; Definitions whose empty bodies are right as they are.

(decorated_definition
  (decorator [(identifier) @name (attribute attribute: (identifier) @name)])
  (#any-of? @name "overload" "abstractmethod" "abstractproperty" "abstractclassmethod" "abstractstaticmethod")) @declared

(class_definition
  superclasses: (argument_list
    [(identifier) @name
     (attribute attribute: (identifier) @name)
     (subscript value: [(identifier) @name (attribute attribute: (identifier) @name)])])
  (#eq? @name "Protocol")) @declared
