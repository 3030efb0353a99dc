"""The torch network that is trained: embed -> encode -> head."""
