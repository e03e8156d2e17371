
; What makes an object may have nothing left to do.
(function_definition !type body: (compound_statement . "{" . "}" .)) @declared
