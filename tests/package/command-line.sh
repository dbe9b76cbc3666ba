# The command line on the clean machine, as a user, and what helps with it: man pages, completions, the service; read by machine.sh.
# shellcheck shell=bash

man_says() { as_user env MANWIDTH=100 man "$1" "$2" 2>/dev/null | grep -q -- "$3"; }
check 'man daypass' man_says 1 daypass 'one that still lives'
check 'man daypass-token' man_says 1 daypass-token '--min-ttl'
check 'man daypass-window' man_says 1 daypass-window 'new_session'
check 'man daypass-config' man_says 5 daypass-config 'clipboard.clear_after'
check 'man daypass-provider' man_says 5 daypass-provider 'seconds_from_now'
every_command_has_a_page() {
  local command
  # Where a command has commands of its own, its help lists them.
  for command in $(daypass --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | grep -vx help); do
    man -w 1 "daypass-$command" >/dev/null || return 1
  done
}
check 'every command has a page' every_command_has_a_page

# An account to be completed, by an agent that opens its vault by a file.
cat >"$home/.profile" <<'PROFILE'
export DAYPASS_VAULT_KEY_FILE=$HOME/vault.key XDG_RUNTIME_DIR=$HOME/run
PROFILE
as_user bash -c 'cd; mkdir -m 700 run; umask 077; head -c 32 /dev/urandom >vault.key'
as_person() { as_user bash -lc 'cd; exec "$@"' bash "$@"; }
an_account_works() {
  as_person bash -c 'daypass serve --demo --json --listen 127.0.0.1:7277 >serve.json 2>serve.log &
    until grep -q . serve.json; do [ -e /proc/$! ] || exit 1; done'
  as_person bash -c 'sed "s/.*\"login_token\":\"\([^\"]*\)\".*/\1/" serve.json |
    daypass account add antiraid --name work --base-url http://127.0.0.1:7277 --credential-stdin && daypass token work'
}
check 'an account is connected and hands out a token' an_account_works

bash_completes() {
  as_person bash -c 'source /usr/share/bash-completion/bash_completion
    _completion_loader daypass
    COMP_WORDS=('"$1"') COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_TYPE=9 COMP_LINE="$1" COMP_POINT=${#1}
    "$(complete -p daypass | sed "s/.*-F \([^ ]*\).*/\1/")" daypass "${COMP_WORDS[-1]}"
    printf "%s\n" "${COMPREPLY[@]}" | grep -q "^'"$2"'"' bash "$1"
}
fish_completes() { as_person fish -c "complete -C '$1' | string match -q '$2*'"; }
zsh_completes() { as_person zsh -f /test/complete.zsh "$1" "$2"; }
for shell in bash fish zsh; do
  check "$shell completes a command" timeout 20 bash -c "$(declare -f as_user as_person ${shell}_completes); ${shell}_completes 'daypass provi' providers"
  check "$shell completes the name of an account" timeout 20 bash -c "$(declare -f as_user as_person ${shell}_completes); ${shell}_completes 'daypass token wo' work"
done
as_person daypass agent --stop >/dev/null

check 'systemd takes the service' silent as_person systemd-analyze --user verify /usr/lib/systemd/user/daypass.service
as_person bash -c 'mkdir -p .config/systemd/user/daypass.service.d && cp /usr/share/doc/daypass/examples/vault-key.conf .config/systemd/user/daypass.service.d/'
check 'and with the key as a credential' silent as_person systemd-analyze --user verify daypass.service
