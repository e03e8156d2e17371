; Run on one statement of the file's level.

(import_statement) @import

(hash_bang_line) @head
(expression_statement . (string) .) @head
