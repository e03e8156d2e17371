; Run on one item of the file's level.

(call method: (identifier) @call !receiver (#any-of? @call "require" "require_relative")) @import

((comment) @head (#match? @head "^#!|^# *(frozen_string_literal|encoding):"))
