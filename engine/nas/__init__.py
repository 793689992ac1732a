"""Dropping PPP sessions on NAS.

`settings` is which NAS there are; `trust` pins their host keys; `fleet` asks all of them at once,
`link` one of them; `checks` names what would be in the way. Only `link` and `trust` load paramiko,
and only when a NAS is called.
"""
