"""The unix groups of the actor, for the roles of the configuration."""

from __future__ import annotations

import grp
import os
import pwd


def groups_of(user: str) -> set[str]:
    """The names of the groups that a unix user is in; empty for one that the system does not
    know."""
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        return set()
    names = set()
    for gid in os.getgrouplist(user, entry.pw_gid):
        try:
            names.add(grp.getgrgid(gid).gr_name)
        except KeyError:
            continue
    return names
