"""Sends reminders: what is due (dispatch), in which words (texts), over which channel (channels/).

When a reminder is due is kept by todos.models.planning. docs/reminders.md says what is promised.
"""
