"""Django's PostgreSQL for a login that AWS changes: ENGINE "config.postgresql"."""
