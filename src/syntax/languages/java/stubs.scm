; Statements that stand for a body yet to be written.

(throw_statement (object_creation_expression type: (type_identifier) @error) (#eq? @error "UnsupportedOperationException")) @stub
