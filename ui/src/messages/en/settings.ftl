# Everything that a user may choose.
settings-title = Settings
settings-says = Each change applies at once.
settings-file-wrong = The settings file has an error.
settings-file-wrong-line = The settings file has an error in line {$line}.
settings-file-wrong-note = The last good settings stay in force, and nothing can be changed here until it is corrected.

settings-general = General
settings-start = Start at login
settings-start-says = Daypass waits in the tray as soon as you log in.
settings-theme = Appearance
settings-theme-says = Light, dark, or as the desktop is.
settings-theme-system = Like the desktop
settings-theme-light = Light
settings-theme-dark = Dark
settings-language = Language
settings-language-says = The language of the tray and of this window; the command line speaks English.
settings-language-system = Like the desktop

settings-copying = Copying
settings-clear = Clear the clipboard after
settings-clear-says = How long a copied token may stay there: 5 to 600 seconds.
settings-clear-wrong = That has to be a whole number from 5 to 600.
settings-seconds = seconds
settings-shortcut = Shortcut for quick copy
settings-shortcut-says = These keys open a small palette from anywhere: type two letters, press Enter, and the token is on the clipboard.
settings-shortcut-choose = Choose keys
settings-shortcut-press = Press the keys…
settings-shortcut-off = Remove
settings-shortcut-bound = {$keys} opens the palette.
settings-warm = Keep the palette ready
settings-warm-says = It then opens instantly, and its process takes about 200 MB of memory all the time.

settings-refreshing = Refreshing
settings-fresh = Keep tokens fresh
settings-fresh-says = Whose tokens are refreshed in the background. Whoever asks for a token gets a live one in any case.
settings-fresh-pinned = Pinned accounts
settings-fresh-used = Pinned or recently used
settings-fresh-all = All accounts
settings-paused = Pause refreshing
settings-paused-says = Nothing is refreshed in the background for now; a token that you ask for still is.

settings-notifications = Notifications
settings-note-copied = A token was copied
settings-note-copied-says = Says which, and when the clipboard is cleared.
settings-note-copied_is_over = A copied token is over
settings-note-copied_is_over-says = The token on the clipboard has since been replaced or revoked.
settings-note-trouble = Refreshing fails
settings-note-trouble-says = Tokens run out because a provider cannot be reached, and when that is over.
settings-note-needs_you = An account needs you
settings-note-needs_you-says = It goes on only once you sign in again, for example.
settings-note-vault = The vault has a problem
settings-note-vault-says = It is locked, or cannot be read or written.
settings-note-revoked = Sessions were revoked
settings-note-revoked-says = Says how many, and of which account.

settings-authority = Local authority
settings-authority-on = Run the local authority
settings-authority-says = It issues sessions on this machine, so that Daypass works with no other service.
settings-authority-runs = It runs at
settings-authority-starts = It is about to start.
settings-port = Port
settings-port-says = Its port on this machine; 0 takes any that is free.
settings-port-wrong = That has to be a whole number from 0 to 65535.

settings-data = Data
settings-places-says = Where Daypass keeps everything on this computer.
settings-place-config = Settings file
settings-place-vault = Vault
settings-place-providers = Own providers
settings-place-log = Log
settings-copy-path = Copy path
settings-copy-path-of = Copy path: {$place}
settings-path-copied = The path is on the clipboard.
settings-open-folder = Open folder
settings-open-folder-of = Open folder: {$place}
settings-export = Export accounts
settings-export-says = All accounts with their secrets, in one file that only your passphrase opens.
settings-export-open = Export…
settings-export-asks = Whoever has the file and the passphrase has everything: keep the two apart.
settings-export-go = Choose file…
settings-exported = { $count ->
    [one] One account was
   *[other] {$count} accounts were
  } exported to {$file}.
settings-import = Import accounts
settings-import-says = The accounts of an export; they rest here until they are used.
settings-import-open = Import…
settings-import-asks = The passphrase that {$file} was sealed with.
settings-import-replace = Replace accounts of the same name
settings-import-go = Import
settings-imported = { $count ->
    [one] Imported: {$names}.
   *[other] Imported {$count} accounts: {$names}.
  }
settings-imported-none = Nothing was imported.
settings-left-out = { $count ->
    [one] Left out, because there is an account of that name: {$names}.
   *[other] Left out, because there are accounts of these names: {$names}.
  }
settings-passphrase = Passphrase
settings-passphrase-again = The same again
settings-passphrase-hint = {$count} characters or more
settings-passphrase-short = The passphrase needs {$count} characters or more.
settings-passphrase-differs = The two passphrases differ.
