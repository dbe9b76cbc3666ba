# Notifications.
note-copied-title = Copied: {$account}
