"""AWS, a database, a mailbox and Twilio on this machine: for `make cloud`, tests and benchmarks."""
