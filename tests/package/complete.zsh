# complete.zsh LINE WORD: whether zsh, as it is started for a person, completes LINE to WORD when Tab is pressed. It completes on a
# terminal only, so it gets one.
zmodload zsh/zpty
zpty -b shell zsh -f -i
all=
# Reads until the terminal shows what is expected; whoever calls limits the time.
await() { local part; until [[ $all == ${~1} ]]; do zpty -r -t shell part && all+=$part || sleep 0.05; done; all=; }
zpty -w shell "PS1=READY; autoload -Uz compinit; compinit -u -D; echo BE''GUN"
await '*BEGUN*READY*'
zpty -w -n shell "$1"$'\t'
await "*$2*"
