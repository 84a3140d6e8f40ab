"""Side by side, in one run on one machine: our parts against what else one would write."""
