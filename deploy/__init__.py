"""Deploys Nudge to AWS: callbacks, package, stack and release. Not in the package itself."""
