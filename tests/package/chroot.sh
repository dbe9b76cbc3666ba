#!/usr/bin/env bash
# chroot.sh MACHINE ARCHIVES: within namespaces of its own, gives the machine what a kernel gives, and runs the test in it. What
# is mounted here is gone with the namespace.
set -euo pipefail
machine=$1
mount --make-rprivate /
mount -t proc proc "$machine/proc"
mount -t tmpfs -o mode=1777 tmpfs "$machine/dev/shm" 2>/dev/null || { mkdir -p "$machine/dev/shm" && mount -t tmpfs -o mode=1777 tmpfs "$machine/dev/shm"; }
for device in null zero full random urandom tty; do
  [ -e "$machine/dev/$device" ] || { touch "$machine/dev/$device" && mount --bind "/dev/$device" "$machine/dev/$device"; }
done
mountpoint -q "$machine/dev/pts" || { mkdir -p "$machine/dev/pts"; mount -t devpts -o newinstance,ptmxmode=0666 devpts "$machine/dev/pts"; ln -sf pts/ptmx "$machine/dev/ptmx"; }
# Downloaded once, for every machine.
mount --bind "$2" "$machine/var/cache/apt/archives"
cp --dereference /etc/resolv.conf "$machine/etc/resolv.conf"
# A test of its own machine: what the host has for apt (a mirror, a proxy) is needed, and nothing else of it.
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root TERM=dumb \
  ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
  chroot "$machine" bash /test/machine.sh
