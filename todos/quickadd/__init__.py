"""Reads a sentence such as `pay rent every month !1 #home tomorrow 9am` into a to-do."""

from todos.quickadd.reading import Reading, Span, read
from todos.quickadd.scanning import LIMIT

__all__ = ["LIMIT", "Reading", "Span", "read"]
