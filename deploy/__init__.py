"""Brings Nudge to AWS: callbacks, package, stack and release. Never shipped itself."""
