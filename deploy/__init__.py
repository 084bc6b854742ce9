"""Deploys Nudge to AWS: callbacks, package, stack and release. Not part of the package itself."""
