"""What a trained tagger is: text -> features -> tags -> slots. No torch, no web framework."""
