"""Where the errors of a chip that learns online may come from, and what each source costs."""
