"""Accounts: the user, sessions of devices, log-in and sign-up."""
