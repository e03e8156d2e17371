; Statements that stand for a body yet to be written. Run on a body.

(body_statement (call method: (identifier) @call arguments: (argument_list . (_) @what)) @stub
  (#eq? @call "raise") (#match? @what "^NotImplementedError|(?i:^['\"].*(implement|todo))"))
