"""Public sets from their publishers' own files to the records that the configs train on: one module a format."""
