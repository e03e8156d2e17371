; Run on one item of the file's level.

(preproc_include) @import

(preproc_call directive: (_) @directive argument: (_) @argument (#eq? @directive "#pragma") (#match? @argument "once")) @head
