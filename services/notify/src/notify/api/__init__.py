"""The HTTP door of notify: reads, asks a use case, answers; decides nothing."""
