"""The reader of values: its grammar of phrases, its network and how it is trained, exported and scored."""
