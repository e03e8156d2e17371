; Names: where they are bound, where they are used, and what bounds them. Run on a whole tree.

; What a name is bound in. A class's names are not seen by the functions inside of it.
(function_definition) @function
(lambda) @scope
(list_comprehension) @scope
(set_comprehension) @scope
(dictionary_comprehension) @scope
(generator_expression) @scope
(class_definition) @class

; Bound around the scope that they name.
(function_definition name: (identifier) @outer)
(class_definition name: (identifier) @outer)

; Bound by a header.
(parameters (identifier) @parameter)
(lambda_parameters (identifier) @parameter)
(default_parameter name: (identifier) @parameter)
(typed_parameter (identifier) @parameter)
(typed_default_parameter name: (identifier) @parameter)
(parameters (list_splat_pattern (identifier) @parameter))
(parameters (dictionary_splat_pattern (identifier) @parameter))
(typed_parameter (list_splat_pattern (identifier) @parameter))
(typed_parameter (dictionary_splat_pattern (identifier) @parameter))
(lambda_parameters (list_splat_pattern (identifier) @parameter))
(lambda_parameters (dictionary_splat_pattern (identifier) @parameter))
(function_definition type_parameters: (type_parameter (type (identifier) @parameter)))
(class_definition type_parameters: (type_parameter (type (identifier) @parameter)))
(type_parameter (type (constrained_type . (type (identifier) @parameter))))
(type_parameter (type (splat_type (identifier) @parameter)))

; Bound by a statement.
(assignment left: (identifier) @bound)
(augmented_assignment left: (identifier) @bound)
(for_statement left: (identifier) @bound)
(for_in_clause left: (identifier) @bound)
(pattern_list (identifier) @bound)
(tuple_pattern (identifier) @bound)
(list_pattern (identifier) @bound)
(pattern_list (list_splat_pattern (identifier) @bound))
(tuple_pattern (list_splat_pattern (identifier) @bound))
(list_pattern (list_splat_pattern (identifier) @bound))
(as_pattern_target (identifier) @bound)
(as_pattern_target (tuple (identifier) @bound))
(as_pattern_target (list (identifier) @bound))
(as_pattern_target [(tuple (list_splat (identifier) @bound)) (list (list_splat (identifier) @bound))])
(as_pattern_target (tuple [(tuple (identifier) @bound) (list (identifier) @bound) (tuple (list_splat (identifier) @bound)) (list (list_splat (identifier) @bound))]))
(as_pattern_target (list [(tuple (identifier) @bound) (list (identifier) @bound) (tuple (list_splat (identifier) @bound)) (list (list_splat (identifier) @bound))]))
(as_pattern (case_pattern) (identifier) @bound)
(case_pattern (dotted_name . (identifier) @bound .))
(keyword_pattern (dotted_name . (identifier) @bound .))
(union_pattern (dotted_name . (identifier) @bound .))
(splat_pattern (identifier) @bound)
(import_statement name: (dotted_name . (identifier) @bound))
(import_from_statement name: (dotted_name . (identifier) @bound .))
(future_import_statement name: (dotted_name . (identifier) @bound .))
(aliased_import alias: (identifier) @bound)
(type_alias_statement left: (type (identifier) @bound))
(type_alias_statement left: (type (generic_type (identifier) @bound)))
; What it takes is bound in it alone; here it counts around, too.
(type_alias_statement left: (type (generic_type (type_parameter (type (identifier) @bound)))))

; Bound in the function around, whatever stands between.
(named_expression name: (identifier) @through)

; Not this scope's own.
(global_statement (identifier) @global)
(nonlocal_statement (identifier) @global)

; What only an asynchronous function can have.
(await) @wait
(for_statement "async" @wait)
(with_statement "async" @wait)

; Words that are no names: an object's members, the names of arguments, modules.
(attribute attribute: (identifier) @label)
(keyword_argument name: (identifier) @label)
(keyword_pattern . (identifier) @label)
(member_type (identifier) @label)
(import_from_statement module_name: (dotted_name (identifier) @label))
(relative_import (dotted_name (identifier) @label))
(import_statement name: (dotted_name (_) (identifier) @label))
(case_pattern (dotted_name (_) (identifier) @label))
(union_pattern (dotted_name (_) (identifier) @label))
(keyword_pattern (dotted_name (_) (identifier) @label))
(class_pattern (dotted_name (_) (identifier) @label))
(aliased_import name: (dotted_name (identifier) @label))

(identifier) @used

; A member of an object that is a plain name; it is stored where it is assigned to.
(attribute object: (identifier) @object attribute: (identifier) @member) @access
(assignment left: (attribute object: (identifier) @object attribute: (identifier) @member) @stored)
(augmented_assignment left: (attribute object: (identifier) @object attribute: (identifier) @member) @stored)
(pattern_list (attribute object: (identifier) @object attribute: (identifier) @member) @stored)
(tuple_pattern (attribute object: (identifier) @object attribute: (identifier) @member) @stored)
(delete_statement (attribute object: (identifier) @object attribute: (identifier) @member) @stored)
(list_pattern (attribute object: (identifier) @object attribute: (identifier) @member) @stored)
(list_splat_pattern (attribute object: (identifier) @object attribute: (identifier) @member) @stored)
(for_statement left: (attribute object: (identifier) @object attribute: (identifier) @member) @stored)
(for_in_clause left: (attribute object: (identifier) @object attribute: (identifier) @member) @stored)
(as_pattern_target (attribute object: (identifier) @object attribute: (identifier) @member) @stored)
(as_pattern_target (tuple (attribute object: (identifier) @object attribute: (identifier) @member) @stored))
(as_pattern_target (list (attribute object: (identifier) @object attribute: (identifier) @member) @stored))
; A member of anything else.
(attribute object: (_) attribute: (identifier) @any)
