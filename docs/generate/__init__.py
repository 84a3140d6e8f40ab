"""The documents that are made from the code: `make documents`. Nothing of the product imports this.

A document that a neighbour builds on is not overwritten by one that would break that neighbour.
"""
