"""Runs the Django project on AWS Lambda; all code that knows AWS is in this package."""
