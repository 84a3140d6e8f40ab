"""The use cases of scoring: facts are taken in, standings kept, publications made."""
