"""How events travel: a promise (`base`), one that keeps it on one machine (`local`), a loop."""
