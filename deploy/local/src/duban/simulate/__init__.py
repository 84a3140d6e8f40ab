"""A scenario, played through the very services on a clock of its own, in memory (`duban simulate`).

`verbs` says what an entry may be, `timeline` and `scenario` read a file, `house` holds the three
services, `play` lets them live through the timeline, `account` tells what came of it.
"""
