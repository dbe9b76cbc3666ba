#!/usr/bin/env bash
# Puts a Debian package together: build-deb.sh PROGRAMS FOLDER, where the folder PROGRAMS holds `daypass` and `daypass-window`.
# The same programs make the same package, byte for byte: its times are those of SOURCE_DATE_EPOCH, or of the last commit.
# DAYPASS_DEB_VERSION names another version; the tests of an upgrade do.
set -euo pipefail
programs=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
cd "$(dirname "$0")/../.."
deb=src-tauri/package/deb

version=$(dpkg-parsechangelog --file $deb/changelog --show-field Version)
declared=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml)
if [ "$version" != "$declared" ]; then
  echo "The version is $declared in Cargo.toml and $version in $deb/changelog." >&2
  exit 1
fi
version=${DAYPASS_DEB_VERSION:-$version}
arch=$(dpkg --print-architecture)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || dpkg-parsechangelog --file $deb/changelog --show-field Timestamp)}
export SOURCE_DATE_EPOCH

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 0755 "$root"
umask 022
put() { install -D -m "${3:-0644}" "$1" "$root/$2"; }

put "$programs/daypass" usr/bin/daypass 0755
put "$programs/daypass-window" usr/bin/daypass-window 0755
# Debug builds are packed in the tests: with their symbols they would be ten times as large.
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root"/usr/bin/*

put $deb/daypass.desktop usr/share/applications/daypass.desktop
put $deb/autostart.desktop etc/xdg/autostart/daypass.desktop
put $deb/metainfo.xml usr/share/metainfo/app.daypass.window.metainfo.xml
put $deb/daypass.service usr/lib/systemd/user/daypass.service
put $deb/vault-key.conf usr/share/doc/daypass/examples/vault-key.conf
put icons/icon.svg usr/share/icons/hicolor/scalable/apps/daypass.svg
put icons/icon-symbolic.svg usr/share/icons/hicolor/symbolic/apps/daypass-symbolic.svg
for size in 16 22 24 32 48 64 128; do
  put icons/${size}x$size.png usr/share/icons/hicolor/${size}x$size/apps/daypass.png
done
put icons/128x128@2x.png usr/share/icons/hicolor/256x256/apps/daypass.png
put icons/icon.png usr/share/icons/hicolor/512x512/apps/daypass.png
gzip -9n <$deb/changelog >"$root/changelog.gz"
put "$root/changelog.gz" usr/share/doc/daypass/changelog.gz
rm "$root/changelog.gz"
cargo run --quiet -p daypass-package -- "$root"

# What the programs link, by the packages that it is in here.
mkdir -p "$root/DEBIAN" "$root/debian"
printf 'Source: daypass\n\nPackage: daypass\nArchitecture: any\n' >"$root/debian/control"
depends=$(cd "$root" && dpkg-shlibdeps -O usr/bin/daypass usr/bin/daypass-window 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
rm -r "$root/debian"
[ -n "$depends" ] || { echo 'dpkg-shlibdeps names no packages.' >&2; exit 1; }
size=$(du -k --apparent-size --summarize --exclude=DEBIAN "$root" | cut -f1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@SIZE@/$size/" -e "s/@DEPENDS@/$depends/" \
  $deb/control >"$root/DEBIAN/control"
(cd "$root" && find etc -type f -printf '/%p\n' | sort >DEBIAN/conffiles)
(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

package=$folder/daypass_${version}_$arch.deb
# Smallest where it is handed out; the tests would rather have it soon.
dpkg-deb --root-owner-group -Zxz "-z${DAYPASS_DEB_LEVEL:-9}" --build "$root" "$package" >/dev/null
echo "$package: $(stat -c %s "$package") bytes"
