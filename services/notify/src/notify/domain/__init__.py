"""Rules of notify: pure decisions, schedules and texts; facts in, answers out."""
