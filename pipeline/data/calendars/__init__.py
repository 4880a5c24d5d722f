"""Exchange calendars: sessions, trading hours, and the exchange of each ticker."""
