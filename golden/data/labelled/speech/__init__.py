"""Spoken digits and words: recordings, and spikes of a model of the ear."""
