"""Why this Django project also runs on AWS Lambda; everything that knows AWS is in here."""
