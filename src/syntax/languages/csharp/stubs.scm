; Statements that stand for a body yet to be written.

(throw_statement (object_creation_expression type: (identifier) @error) (#eq? @error "NotImplementedException")) @stub
