"""Balance e-mails and the trend of every number.

A mail goes through two pure steps: `mail` (bytes to text) and `profile` (text to facts, by an
operator's profile). `importer` keeps a chunk of them in one transaction, `mailbox` reads them from
an IMAP folder and `saved` from files. `trend` tells a number's status from its balances (pure),
`status` keeps it.
"""
