"""Many settings of one config, each with several seeds, in one table."""
