"""The composition root: the only place that knows every app."""

__version__ = "0.1.0"
