"""A local stub of Twilio's Messages API, including faults."""
