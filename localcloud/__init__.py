"""A local AWS, database, mailbox and Twilio, for `make cloud`, tests and benchmarks."""
