# Benachrichtigungen.
note-copied-title = Kopiert: {$account}
