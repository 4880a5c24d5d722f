"""Market data: sources, calendars, quality rules and the store of downloaded bars."""
