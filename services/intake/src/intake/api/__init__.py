"""The HTTP door of intake: reads, asks a use case, answers; decides nothing."""
