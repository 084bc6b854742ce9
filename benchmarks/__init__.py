"""One script per promise; each prints a Markdown table for docs/performance.md. No tests."""
