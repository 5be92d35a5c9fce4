"""The online learner of a chip in real numbers: nothing is rounded, nothing saturates."""
