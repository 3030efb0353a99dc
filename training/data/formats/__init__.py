"""The data formats that people have: each a module that reads it to records and writes records in it; ``table`` lists them."""
