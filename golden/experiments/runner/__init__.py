"""How runs are executed and kept: processes, clusters, folders, records."""
