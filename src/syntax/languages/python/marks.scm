; What may tell tools to look away: comments, and names that are called, raised, or decorate.

(comment) @comment

(attribute) @name
(call function: (identifier) @name)
(decorator (identifier) @name)
(raise_statement . (identifier) @name)
