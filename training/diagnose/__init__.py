"""The gradient explained: how far it reaches through time, what training does to it, and where it breaks."""
