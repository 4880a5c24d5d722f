"""Units of work computed by threads, by processes, or by the nodes of a Ray cluster."""
