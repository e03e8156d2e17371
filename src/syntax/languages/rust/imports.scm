; Run on one item of the file's level.

(use_declaration) @import
(extern_crate_declaration) @import

(inner_attribute_item) @head
((line_comment) @head (#match? @head "^//!"))
((block_comment) @head (#match? @head "^/[*]!"))
(shebang) @head
