"""Runs the Django project on AWS Lambda. All code that depends on AWS is in this package."""
