"""Events and their actions: what happens to a subscriber, and what follows from it.

An event and its actions are written in the transaction that causes them (`record`); what follows
is decided by pure rules (`plan`) from the facts of that moment; the outbox (`outbox`) hands the
actions out and keeps what became of them.
"""
