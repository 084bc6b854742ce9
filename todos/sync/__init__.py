"""The protocol by which devices sync an account; docs/sync.md is the contract."""
