"""The domain: lists, to-dos and tags."""
