#!/usr/bin/env bash
# A desktop on the clean machine, as a user, within a display and a session bus: the entry in the menu starts the tray app, started
# again it opens the window, and the window is painted.
set -euo pipefail
export XDG_RUNTIME_DIR=$HOME/run DAYPASS_VAULT_KEY_FILE=$HOME/vault.key XDG_CURRENT_DESKTOP=XFCE NO_AT_BRIDGE=1
export WEBKIT_DISABLE_DMABUF_RENDERER=1 GSETTINGS_BACKEND=memory
trap 'kill $(jobs -p) 2>/dev/null' EXIT

# until SECONDS WHAT COMMAND...: waits for what a slow machine may take long for.
until_so() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { echo "$what"; return 1; }
    sleep 0.1
  done
}
item_is_there() {
  gdbus call --session --dest org.kde.StatusNotifierWatcher --object-path /StatusNotifierWatcher \
    --method org.freedesktop.DBus.Properties.Get org.kde.StatusNotifierWatcher RegisteredStatusNotifierItems | grep -q StatusNotifierItem
}
painted() {
  import -window "$window" /tmp/window.png && [ "$(identify -format %k /tmp/window.png)" -gt 64 ]
}

xfce4-panel --disable-wm-check >/tmp/panel.log 2>&1 &
until_so 30 'there is no tray host' gdbus call --session --dest org.freedesktop.DBus --object-path /org/freedesktop/DBus \
  --method org.freedesktop.DBus.GetNameOwner org.kde.StatusNotifierWatcher
# As the menu does it: by the entry, in no terminal.
gtk-launch daypass </dev/null >/tmp/first.log 2>&1
until_so 30 "the tray app shows no icon: $(cat /tmp/first.log)" item_is_there
gtk-launch daypass </dev/null >/tmp/second.log 2>&1
until_so 60 "no window opens: $(cat /tmp/second.log)" xdotool search --onlyvisible --class daypass-window
window=$(xdotool search --onlyvisible --class daypass-window | tail -n 1)
until_so 60 'the window is not painted' painted
class=$(sed -n 's/^StartupWMClass=//p' /usr/share/applications/daypass.desktop)
xprop -id "$window" WM_CLASS | grep -q "\"$class\"" || { echo "the window is not of the class $class"; exit 1; }
import -window root "$HOME/screen.png"
# The actions of the entry reach the same window: a second one ends at once.
for page in $(sed -n 's/^Exec=daypass-window --page //p' /usr/share/applications/daypass.desktop); do
  daypass-window --page "$page"
done
daypass agent --stop
