; Run on one statement of the module's level: the imports that it runs when the module is loaded (itself, or a block
; below it, as in try: … except ImportError: …). What stands under TYPE_CHECKING is not there at run time.

(import_statement) @import
(import_from_statement) @import
(future_import_statement) @import @future

(if_statement condition: [(identifier) @name (attribute attribute: (identifier) @name)]
  (#eq? @name "TYPE_CHECKING")) @typing
