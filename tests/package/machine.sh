#!/usr/bin/env bash
# The test on the clean machine itself, as its root: install over an older version, use as a user, remove, purge. It runs in the
# chroot, with the packages in /test.
set -euo pipefail
cd /test
source checks.sh
export DEBIAN_FRONTEND=noninteractive
apt() { apt-get -o APT::Sandbox::User=root -qq -y --no-install-recommends "$@" >/test/apt.log 2>&1 || { tail -n 20 /test/apt.log; return 1; }; }
as_user() { runuser -u someone -- env HOME="$home" USER=someone PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8 "$@"; }
version_of() { dpkg-query -W -f '${Version}' daypass; }
# `c` is a file of the configuration, and the administrator's own.
files_are_intact() { ! dpkg --verify daypass | grep -v ' c /'; }
libraries_are_there() { ! ldd /usr/bin/daypass /usr/bin/daypass-window | grep 'not found'; }
# Whatever is called after the program, but for what belongs to the test and the user.
traces() { find / -xdev \( -path /proc -o -path /test -o -path "$home" -o -path /var/cache/apt \) -prune -o -iname '*daypass*' -print | sort; }

apt update
useradd --create-home --shell /bin/bash someone
home=$(getent passwd someone | cut -d: -f6)
export home

# ---- install and upgrade

check 'an older version installs on a clean machine' apt install ./older.deb
check 'it is the older one' test "$(version_of)" = 0.0.1
check 'nothing starts at login that nobody chose' grep -qx 'Hidden=true' /etc/xdg/autostart/daypass.desktop
check 'no service is enabled' test -z "$(find /etc/systemd -name 'daypass*')"
echo '# of the administrator' >>/etc/xdg/autostart/daypass.desktop
check 'it is upgraded' apt install ./daypass.deb
check 'it is the newer one' test "$(version_of)" != 0.0.1
check 'what an administrator changed is kept' grep -q '# of the administrator' /etc/xdg/autostart/daypass.desktop
check 'no file was changed after it was installed' files_are_intact
check 'both programs run' as_user bash -c 'daypass --version && daypass-window --help'
check 'all libraries are there' libraries_are_there

# ---- the command line and what helps with it

apt install man-db bash-completion zsh fish systemd
source command-line.sh

# ---- the desktop

apt install xvfb xauth dbus dbus-x11 xfce4-panel libglib2.0-bin libgtk-3-bin x11-utils xdotool imagemagick procps hicolor-icon-theme
check 'from the menu to a painted window' as_user dbus-run-session -- xvfb-run -a -s '-screen 0 1280x800x24' bash /test/desktop.sh

# ---- removal

data() { (cd "$home" && find . -type f -path '*daypass*' -print0 | sort -z | xargs -0 md5sum); }
before=$(data)
check 'there is data of the user' test -n "$before"
check 'it is removed' apt remove daypass
check 'what is left is only what an administrator may have changed' diff - <(traces) <<'LEFT'
/etc/xdg/autostart/daypass.desktop
/var/lib/dpkg/info/daypass.list
LEFT
check 'it is purged' apt purge daypass
check 'nothing is left of it' diff /dev/null <(traces)
check "the user's data are as they were" diff <(echo "$before") <(data)
summary ''
