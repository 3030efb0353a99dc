"""What a slot's words mean: symbols of spoken parts, their resolution into values, relations between slots, and places."""
