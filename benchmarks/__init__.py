"""One script per performance goal; each prints a Markdown table for docs/performance.md."""
