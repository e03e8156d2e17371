; What tests ask; run on a whole file.

(assert_statement . (_) @condition) @assertion
(call function: [(identifier) @name (attribute attribute: (identifier) @name)]
  (#match? @name "^(assert.*|fail(If.*|Unless.*)?)$")) @assertion
(with_item value: [(call function: [(identifier) @name (attribute attribute: (identifier) @name)]) @assertion
    (as_pattern . (call function: [(identifier) @name (attribute attribute: (identifier) @name)]) @assertion)]
  (#any-of? @name "raises" "warns" "deprecated_call"))
(call function: (attribute attribute: (identifier) @name) arguments: (argument_list . (_) @condition)
  (#any-of? @name "assertTrue" "assert_"))

; Holds whatever is tested, and so does what it is a part of through @either and @around.
[(true) (ellipsis)] @constant
((integer) @constant (#not-match? @constant "^0+$"))
(string (string_content)) @constant
(tuple (_)) @constant
(not_operator argument: [(false) (none)]) @constant
(boolean_operator operator: "or") @either
(parenthesized_expression) @around

; Two that are to be the same, and what is asked of one otherwise; a claim is a whole condition, or a part of it through @both and @around.
(boolean_operator operator: "and") @both
(comparison_operator . (_) @one . ["==" "is"] . (_) @other .) @claim
(comparison_operator [(identifier) (attribute) (call) (subscript) (await)] @asked) @claim
(call function: (identifier) @name arguments: (argument_list . [(identifier) (attribute) (call) (subscript) (await)] @asked)
  (#any-of? @name "isinstance" "issubclass" "callable" "hasattr" "bool" "len")) @claim
(call function: (attribute attribute: (identifier) @name) arguments: (argument_list . (_) @one . (_) @other)
  (#match? @name "^assert(Count|Dict|List|Sequence|Set|Tuple|MultiLine|AlmostE|E|Is$)") (#not-match? @name "Not")) @claim
(call function: (attribute attribute: (identifier) @name) arguments: (argument_list [(identifier) (attribute) (call) (subscript) (await)] @asked)
  (#match? @name "^assert")) @claim

; Asks once for each of the @cases, where these are written out (@display); else nobody knows how often.
(decorated_definition
  (decorator (call function: [(identifier) @name (attribute attribute: (identifier) @name)]
    arguments: (argument_list . (_) . (_) @cases)))
  (#eq? @name "parametrize")) @repeated
(for_statement right: (_) @cases) @repeated
(while_statement condition: (_) @cases) @repeated
[(list) (tuple)] @display
[(tuple (call)) (list (call)) (set (call)) (dictionary (pair value: (call)))] @several
[(list_comprehension) (set_comprehension) (dictionary_comprehension) (generator_expression)] @many
(call function: (identifier) @name (#any-of? @name "all" "any" "map" "zip")) @many

; Where a failure of what is @tried is nobody's business.
(try_statement body: (block) @tried (except_clause . (block) @handled))
(try_statement body: (block) @tried (except_clause value: [(identifier) @error (as_pattern . (identifier) @error)
    (tuple (identifier) @error) (as_pattern . (tuple (identifier) @error))] (block) @handled)
  (#any-of? @error "AssertionError" "Exception" "BaseException"))
(with_statement
  (with_clause (with_item value: (call function: [(identifier) @name (attribute attribute: (identifier) @name)]
    arguments: (argument_list (identifier) @error))))
  body: (block) @tried
  (#eq? @name "suppress") (#any-of? @error "AssertionError" "Exception" "BaseException"))
