"""Arithmetic, policy and decision tables: pure functions over frozen data; `now` is an argument."""
