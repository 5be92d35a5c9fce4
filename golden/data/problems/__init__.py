"""The paper's problems, drawn or solved anew from a seed."""
