"""Long co-simulation of random descriptions: ``python -m tests.soak COUNT UPDATES FOLDER``."""
