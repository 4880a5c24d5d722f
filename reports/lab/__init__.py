"""The lab's page, one file a section: each presents the tables of one experiment."""
