"""What the OpenAPI document says of the profile beyond what its view says itself."""

EXAMPLES = {"time_zone": "Europe/Berlin", "language": "en", "week_start": "monday"}
FORMATS = {"time_zone": "iana-time-zone"}
