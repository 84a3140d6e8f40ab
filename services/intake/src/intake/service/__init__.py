"""The use cases of intake: each is one transaction, and writes its events into it."""
