"""A whole chip: parts, head, learner and a register bus."""
