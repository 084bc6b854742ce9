"""Sends reminders: dispatch finds due ones, texts writes them, channels/ sends them.

todos.models.planning stores when a reminder is due. docs/reminders.md has the guarantees.
"""
