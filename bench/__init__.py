"""Side by side, in one run on one machine: what our parts cost against what one would write else."""
