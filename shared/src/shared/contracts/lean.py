"""How much is made of a contract when its module is imported; set before any other is imported.

A service tells others what its fields mean (OpenAPI, AsyncAPI) and builds every model at its start.
A command that ends in a second tells nobody, and builds what it uses: that is half of its start.
"""

LEAN = False
"""Whether models are built when they are first used, and go without the descriptions of fields."""
