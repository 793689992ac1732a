#!/usr/bin/env bash
# Makes sure that the programs of a MariaDB server are there, for the tests to start a private one.
# Installs only programs (Debian's mariadb-server-core, mariadb-client): no service, nothing listens.
# Without the right to install it says what to do and succeeds: the tests then skip MariaDB by name.
set -euo pipefail

say() { printf '%s\n' "billdeck tests: $*"; }

have() { PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v "$1" >/dev/null; }
complete() { have mariadbd && have mariadb-install-db; }

cannot() {
    say "no MariaDB server, and $1: the tests on MariaDB will be skipped."
    say "To have them, as root: apt-get install mariadb-server-core mariadb-client"
    exit 0
}

complete && exit 0
command -v apt-get >/dev/null || cannot "no apt-get to install it with"

sudo=
if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || cannot "no right to install it (not root, no sudo without a password)"
    sudo="sudo -n"
fi

say "installing Debian's mariadb-server-core and mariadb-client (programs only, no service)"
apt=($sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300)
"${apt[@]}" update || cannot "the list of packages could not be fetched"
"${apt[@]}" install --no-install-recommends mariadb-server-core mariadb-client >/dev/null ||
    cannot "its packages could not be installed"
complete || cannot "the packages brought no mariadbd"
say "installed: $(PATH="$PATH:/usr/sbin" mariadbd --version)"
