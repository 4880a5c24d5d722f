"""Ledgers as earlier formats wrote them, with their exports: every later format must read them."""
