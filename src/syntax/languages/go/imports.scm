; Run on one item of the file's level.

(import_declaration) @import

(package_clause) @head
