"""Leaving and arriving: exports, imports and the calendar feed (docs/transfer.md)."""
