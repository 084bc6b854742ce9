"""The leaf: what every app may use and what knows no domain word."""
