"""Fuzzers of every parser of bytes from outside: what a stranger sends ends in a value or in the error that is written
down for it, in bounded time, and in nothing else. See docs/fuzzing.md."""
