"""The second factor: codes of an authenticator app, recovery codes and passkeys, by allauth.mfa."""
