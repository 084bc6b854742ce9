"""The protocol by which devices keep a copy of an account; docs/sync.md is its contract."""
