# What goes wrong: the sentences of the agent, by the ids that it sends along. Shared with the page.
error-unknown-account = There is no account named {$account}.

# The settings' file, and why it cannot be read or changed.
error-settings-syntax = This line cannot be read as TOML.
error-settings-unknown = There is no setting “{$key}” here; there are {$known}.
error-settings-group = “{$key}” is a group of settings, such as [clipboard].
error-settings-switch = “{$key}” is true or false.
error-settings-number = “{$key}” is a whole number.
error-settings-text = “{$key}” is a text in quotes.
error-settings-value = “{$key}” does not take this value.
error-settings-unreadable = The file cannot be read: {$reason}.
error-settings-link = The file is a link to a file that is not there.
error-settings-no-file = What is in its place is not a file.
error-settings-long = The file is longer than 64 KiB.
error-settings-utf8 = This is not UTF-8.
error-settings-not-ours = The settings file {$file} has an error; correct it first.
error-settings-not-ours-line = The settings file {$file} has an error in line {$line}; correct it first.
error-settings-unwritable = The settings file {$file} cannot be changed: {$reason}.
error-settings-misfit = The setting does not take this value.
error-shortcut-part = A shortcut is written like Ctrl+Alt+C; “{$part}” is no key.
error-shortcut-one-key = A shortcut has one key beside Ctrl, Alt, Shift or Super, such as Ctrl+Alt+C.
error-shortcut-bare = A shortcut needs Ctrl, Alt or Super with it, or the key could not be typed any more.
error-shortcut-taken = Another program has {$keys} already; choose other keys.
error-shortcut-declined = The desktop was told not to give Daypass a shortcut; it can be given in the desktop’s settings.
error-shortcut-no-key = This keyboard has no key for {$keys}; choose other keys.
error-shortcut-no-way = This desktop gives no program a shortcut; bind keys to `daypass palette` in the desktop’s own settings.
error-shortcut-failed = The desktop did not take the shortcut: {$why}. Keys can be bound to `daypass palette` in the desktop’s own settings.

# What is wrong with a pasted command, with connecting, and with the local authority.
error-curl-long = This is longer than 64 KiB; paste the curl command alone.
error-curl-none = This is no curl command; paste one that begins with curl.
error-curl-address = The command names no address that can be read.
error-curl-unknown = None of the providers here is called at {$host} in this way.
error-curl-other = The command is one for {$other}, not for {$title}.
error-curl-empty = The command holds no {$label}, only a placeholder for it.
error-curl-either = Give either the credential, or the command that holds it.
error-connect-check = Check the {$label}; nothing was stored.
error-connect-later = Nothing was stored; try again later.
error-authority-none = This agent has no local authority.
error-authority-off = The local authority was switched off meanwhile.
error-authority-port = Port {$port} is taken by another program; choose another one for the local authority.
error-authority-listen = The local authority cannot listen on port {$port}: {$reason}.
error-authority-store = The local authority cannot start: {$reason}.
error-authority-stopped = The local authority does not run.
