"""The sections of the lab's page: each puts the tables of one experiment into words and figures."""
