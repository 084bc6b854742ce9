"""Brings Nudge to AWS: callbacks, package, release and the local cloud. Never shipped itself."""
