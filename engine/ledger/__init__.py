"""The only door to money: journal entries with postings that sum to zero, never changed.

`journal` writes an entry, `operations` are the commands (payment, refund, ...), `balances` reads,
`proof` proves the whole. An amount with a plus is in favour of its account.
"""
