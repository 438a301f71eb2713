"""Notices on their way to the people they are for."""
