; Run on one item of the file's level.

(using_directive) @import
