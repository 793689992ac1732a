#!/usr/bin/env bash
# Makes sure that the programs of a Dovecot IMAP server are there, for the tests to start a private
# one. Debian's package brings a service; it is kept from starting, now and later.
# Without the right to install it says what to do and succeeds: the tests then skip Dovecot by name.
set -euo pipefail

say() { printf '%s\n' "billdeck tests: $*"; }

have() { PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v "$1" >/dev/null; }

cannot() {
    say "no Dovecot, and $1: the tests of the mailbox will be skipped."
    say "To have them, as root: apt-get install dovecot-imapd"
    exit 0
}

have dovecot && have doveadm && exit 0
command -v apt-get >/dev/null || cannot "no apt-get to install it with"

sudo=
if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || cannot "no right to install it (not root, no sudo without a password)"
    sudo="sudo -n"
fi

say "installing Debian's dovecot-imapd (its service is masked and does not start)"
if [ -d /run/systemd/system ]; then
    $sudo systemctl mask --quiet dovecot.service dovecot.socket
fi
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
    $sudo chmod 755 "$policy"
    trap '$sudo rm -f "$policy"' EXIT
fi
apt=($sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300)
"${apt[@]}" update || cannot "the list of packages could not be fetched"
"${apt[@]}" install --no-install-recommends dovecot-imapd >/dev/null ||
    cannot "its package could not be installed"
say "installed: Dovecot $(PATH="$PATH:/usr/sbin" dovecot --version)"
