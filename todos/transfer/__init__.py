"""Exports, imports and the calendar feed (docs/transfer.md)."""
