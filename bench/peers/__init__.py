"""Other taggers, trained on sentences of the same grammar and timed in the same run; each script needs only its own requirements."""
