"""Sends text messages. Other apps use sms.service and nothing else."""
