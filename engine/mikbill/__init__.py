"""MikBill beside billdeck: its payments as events, read from its database, which is never written
to."""
