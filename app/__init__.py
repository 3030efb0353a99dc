"""The service: schedules requests onto taggers and speaks HTTP. No torch."""

__version__ = "0.1.0"
