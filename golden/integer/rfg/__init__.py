"""Learning by randomized forward gradients: every weight perturbed, lane by lane."""
