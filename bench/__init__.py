"""Measurements of speed. Benchmarks are not tests: they judge nothing, they print and store numbers."""
