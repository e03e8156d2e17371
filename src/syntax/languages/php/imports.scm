; Run on one item of the file's level.

(namespace_use_declaration) @import

(php_tag) @head
(namespace_definition !body) @head
(declare_statement) @head
