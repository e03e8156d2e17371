; An empty body is right where nothing is returned.

(function_item !return_type body: (block . "{" . "}" .)) @declared
