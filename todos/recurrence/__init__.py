"""Recurrence rules of RFC 5545: their days, and their description in words."""

from todos.recurrence.reading import LENGTH, read
from todos.recurrence.rules import Rule
from todos.recurrence.words import in_words

__all__ = ["LENGTH", "Rule", "in_words", "read"]
