"""Runs the Django project on AWS Lambda. All code that depends on AWS is in this package."""

from serverless import modules

modules.install()  # before any other import
