from config import env

REMINDERS = env.flag("REMINDERS", default=True)
REMINDERS_PER_MINUTE = env.integer("REMINDERS_PER_MINUTE", default=600)  # persons
