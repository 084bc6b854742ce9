from config import env

REMINDERS = env.flag("REMINDERS", default=True)
REMINDERS_PER_MINUTE = env.integer("REMINDERS_PER_MINUTE", default=600)  # persons
REMINDER_MAILS_DAILY = env.integer("REMINDER_MAILS_DAILY", default=200)  # per account
# Push notifications need a pair of keys; `manage.py make_push_keys` makes one.
PUSH_PRIVATE_KEY = env.text("PUSH_PRIVATE_KEY")
PUSH_PUBLIC_KEY = env.text("PUSH_PUBLIC_KEY")
PUSH_CONTACT = env.text("PUSH_CONTACT", default="mailto:nudge@localhost")  # RFC 8292, section 2.1
# The push services of Chrome, Firefox, Safari and Edge.
PUSH_HOSTS = env.names("PUSH_HOSTS") or [
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
    "*.notify.windows.com",
]
