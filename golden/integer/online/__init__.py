"""The online learner in integers: every change lands in the pass that reads the weight."""
