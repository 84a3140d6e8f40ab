"""The HTTP door of scoring: reads, asks a use case, answers; decides nothing."""
