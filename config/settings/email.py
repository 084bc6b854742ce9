from config import env

EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.integer("EMAIL_PORT", default=587)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=True)
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", default="Nudge <nudge@localhost>")
ADMINS = [("", address) for address in env.names("ADMINS")]  # warned of nearly used-up limits
# The dotted path of the function that gets the bounces and complaints that SES reports.
MAIL_REPORTS = env.text("MAIL_REPORTS", default="todos.reminders.reports.take")
