"""Data to examples and batches."""
