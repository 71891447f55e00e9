"""Targets, a module for each family of parsers; `fuzz.table` has them all."""
