"""What the services say to each other and to their users: data only, no behaviour.

A contract is a frozen, versioned, past fact. Readers ignore fields they do not know; the meaning
of a field never changes: a new meaning is a new version beside the old one.
"""
