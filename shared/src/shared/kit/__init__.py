"""Mechanism without meaning: nothing here knows a plan, a task or a score."""
