"""The learner of a chip that learns online: what comes back to each layer, and the course of it."""
