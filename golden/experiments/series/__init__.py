"""A chaotic time series: the online rules forecast Mackey-Glass."""
