"""Spatial rules: how the error of an output becomes an error of every hidden layer."""
