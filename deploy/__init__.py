"""Brings Nudge to AWS: Zappa's callbacks, the package, the release and the local cloud. Never shipped."""
