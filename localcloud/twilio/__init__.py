"""Twilio's Messages API on this machine, faults included."""
