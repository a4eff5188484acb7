"""Order-up-to policies (R, S): what they achieve, the level for a target, waiting times."""
