#!/usr/bin/env bash
# Makes sure that the programs are there which tests run: scripts/test-programs.sh KIND...
#   mariadb  the programs of a MariaDB server, for the tests to start a private one
#   galera   what makes a cluster of such servers
#   dovecot  the programs of an IMAP server, for the tests to start a private one
#   deploy   the programs that check what is in deploy/
#   clock    the library that shows a process another time
#   sshd     an OpenSSH server, and where we are root a user that it can let in: billdeck-test
# Installs Debian's packages, programs only: no service is started, nothing listens. Without the
# right to install it says what to do and succeeds: the tests then skip by name.
set -euo pipefail

say() { printf '%s\n' "billdeck tests: $*"; }

have() { PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v "$1" >/dev/null; }

# Prints the packages of a kind that are missing here.
missing() {
    case $1 in
    mariadb)
        have mariadbd && have mariadb-install-db || echo mariadb-server-core
        have mariadb && have mariadb-dump || echo mariadb-client
        ;;
    galera)
        [ -e /usr/lib/galera/libgalera_smm.so ] || echo galera-4
        ;;
    dovecot)
        have dovecot && have doveadm || echo dovecot-imapd
        have openssl || echo openssl
        ;;
    deploy)
        have systemd-analyze || echo systemd
        have visudo || echo sudo
        have logrotate || echo logrotate
        ;;
    clock)
        compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null || echo libfaketime
        ;;
    sshd)
        have sshd || echo openssh-server
        ;;
    *)
        say "no kind of programs: $1" >&2
        exit 2
        ;;
    esac
}

# sshd lets in none but its own user, and only one with a shell; as root we run it as this one.
if [[ " $* " = *" sshd "* ]] && [ "$(id -u)" -eq 0 ] && ! id billdeck-test >/dev/null 2>&1; then
    say "adding the user billdeck-test (no home, no password)"
    useradd --system --no-create-home --home-dir / --shell /bin/sh billdeck-test ||
        say "it could not be added. The tests on sshd will be skipped."
fi

packages=()
for kind in "$@"; do
    packages+=($(missing "$kind"))
done
[ ${#packages[@]} -gt 0 ] || exit 0

cannot() {
    say "not installed: ${packages[*]}; $1. The tests that need them will be skipped."
    say "To have them, as root: apt-get install --no-install-recommends ${packages[*]}"
    exit 0
}

command -v apt-get >/dev/null || cannot "no apt-get to install it with"

sudo=
if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || cannot "no right to install it (not root, no sudo without a password)"
    sudo="sudo -n"
fi

# Packages ask this program whether they may start their services. Where there is none, it says no
# for as long as we install.
policy=/usr/sbin/policy-rc.d
if ! [ -e "$policy" ]; then
    trap '$sudo rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
    $sudo chmod 755 "$policy"
fi

# Dovecot's package would start its server at the next boot.
if [[ " ${packages[*]} " == *" dovecot-imapd "* ]] && [ -d /run/systemd/system ]; then
    $sudo systemctl mask --quiet dovecot.service dovecot.socket
fi

say "installing Debian's ${packages[*]} (programs only, no service)"
apt=($sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300)
"${apt[@]}" update || cannot "the list of packages could not be fetched"
"${apt[@]}" install --no-install-recommends "${packages[@]}" >/dev/null ||
    cannot "the packages could not be installed"
# A server that nobody has asked for is not to start with the machine either.
if [[ " ${packages[*]} " = *" openssh-server "* ]] && have systemctl; then
    $sudo systemctl disable --quiet ssh.service 2>/dev/null || true
fi
for kind in "$@"; do
    [ -z "$(missing "$kind")" ] || cannot "the packages did not bring what $kind needs"
done
