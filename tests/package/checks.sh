# How a check is made and told, and the checks of the package as a file; read by the scripts in this folder.
# shellcheck shell=bash
done=0
failed=0

# check NAME COMMAND...: runs it, and shows what it says where it fails.
check() {
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then
    done=$((done + 1))
    echo "ok    $name"
  else
    failed=1
    printf 'FAIL  %s\n%s\n' "$name" "$said"
  fi
}

# summary TEXT: how it went, and with which code to end.
summary() {
  [ -z "$1" ] || echo "$1"
  if [ $failed = 0 ]; then echo "package: all $done checks passed"; else echo 'package: FAILED'; fi
  return $failed
}

# Success is to say nothing.
silent() { ! "$@" 2>&1 | grep .; }

lintian_is_content() { silent lintian --allow-root --fail-on none --tag-display-limit 0 "$package"; }

is_reproducible() {
  local again=$scratch/again
  # That of the last commit, which must not change between the two.
  SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
  export SOURCE_DATE_EPOCH
  DAYPASS_DEB_LEVEL=0 src-tauri/package/build-deb.sh "$scratch/tree/usr/bin" "$again/one" >/dev/null
  DAYPASS_DEB_LEVEL=0 src-tauri/package/build-deb.sh "$scratch/tree/usr/bin" "$again/two" >/dev/null
  cmp "$again"/one/*.deb "$again"/two/*.deb
}

# Every file with its mode and owner; the pages of commands are as many as there are commands.
listed() { dpkg-deb --contents "$package" | awk '!/\/$/ && !/man1\/daypass-[a-v]/ { print $1, $2, $6 }'; }

pages_render() {
  local page warnings
  for page in "$scratch"/tree/usr/share/man/man*/*.gz; do
    warnings=$(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings=mac,reg,tab,escape --encoding=UTF-8 --local-file --troff-device=utf8 "$page" 2>&1 >/dev/null)
    [ -z "$warnings" ] || { echo "$page: $warnings"; return 1; }
    zcat "$page" | grep -q '^\.SH NAME' || { echo "$page has no name"; return 1; }
  done
}
