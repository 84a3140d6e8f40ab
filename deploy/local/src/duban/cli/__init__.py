"""The `duban` command: a room for each group of commands, and one door to the services."""
