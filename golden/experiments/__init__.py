"""The paper's experiments: what is run, how it is run over many processes, and what comes out."""
