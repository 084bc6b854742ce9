"""Sends text messages. Other apps import only sms.service."""
