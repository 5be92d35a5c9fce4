"""Estimators of the gradient: back-propagation and randomized forward gradients."""
