"""Periods, windows and working days: the piece of meaning that all three services share."""
