"""Gestures before an event camera: DVS-Gesture, as AEDAT files or in one HDF5."""
