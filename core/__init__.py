"""Code that every app may use. It imports no app and knows nothing about todos or messages."""
