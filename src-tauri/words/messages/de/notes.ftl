# Benachrichtigungen.

## Was sich tun lässt

note-do-copy = Kopieren
note-do-refresh = Erneuern
note-do-sign-in = Anmelden
note-do-clear = Jetzt leeren
note-do-unlock = Entsperren
note-do-again = Erneut versuchen
note-do-open = Daypass öffnen
note-do-quit = Daypass beenden

## Kopieren

note-copied-title = Kopiert: { $account }
note-copied-lives = Noch { $life } gültig.
note-copied-endless = Das Ende ist nicht bekannt.
note-copied-short = Erneuern war nicht möglich: { $reason }
note-copied-cleared = Die Zwischenablage wird in { $left } geleert.
note-replaced-title = Das Token von { $account } wurde ersetzt
note-replaced-until = Das kopierte gilt höchstens noch { $life }.
note-replaced-endless = Das kopierte kann jederzeit enden.
note-replaced-revoked = Das kopierte wird bald widerrufen.
note-ended-title = Das Token von { $account } ist nicht mehr gültig
note-ended = Die Sitzung des kopierten Tokens wurde widerrufen.
note-ended-with-all = Alle Sitzungen von { $account } wurden widerrufen.

## Konten

note-needs-you-title = { $account }: Hilfe nötig
note-needs-you-many-title = { $count } Konten brauchen Hilfe
note-trouble-title = { $account }: Erneuern scheitert
note-trouble-many-title = Erneuern von { $count } Konten scheitert
note-recovered-title = { $account } ist wieder frisch
note-recovered-many-title = { $count } Konten sind wieder frisch
note-recovered = Es gibt ein neues Token.
note-recovered-lives = Das neue Token gilt noch { $life }.
note-recovered-many = Neue Token gibt es für { $names }.
note-several = { $names }. { $message }
note-revoked-title = Widerrufen: { $account }

## Der Tresor

note-vault-title = Der Tresor braucht Hilfe

## Was nicht gelang

note-failed-copy = Das Token von { $account } ließ sich nicht kopieren
note-failed-refresh = { $account } ließ sich nicht erneuern
note-failed-revoke = Eine Sitzung von { $account } ließ sich nicht widerrufen
note-failed-forget = Eine Sitzung von { $account } ließ sich nicht vergessen
note-failed-vault = Der Tresor ließ sich nicht öffnen
note-failed-settings = Die Einstellungen ließen sich nicht ändern
note-failed-clear = Die Zwischenablage ließ sich nicht leeren
note-failed-open = Das Fenster ließ sich nicht öffnen
note-failed-show = Das Fenster ließ sich nicht zeigen
note-failed-open-palette = Die Palette ließ sich nicht öffnen
note-failed-show-palette = Die Palette ließ sich nicht zeigen
note-failed-find = { $account } gibt es nicht mehr
note-gone = Das Konto wurde inzwischen entfernt oder umbenannt.
note-clipboard-unreachable = Die Zwischenablage ist nicht erreichbar: { $reason }.
note-window-missing = Das Fenster lässt sich nicht öffnen: { $reason }.
note-window-broke = Sein Programm endete mit einem Fehler; was es sagte, steht dort, wo Daypass gestartet wurde.
note-desktop-gone = Der Desktop antwortet nicht mehr.

## Kein Infobereich

note-no-tray-title = Kein Infobereich
note-no-tray = Dieser Desktop zeigt keine Symbole im Infobereich, darum öffnet sich das Fenster. Daypass erneut starten, um es später zu sehen; Strg+Q im Fenster beendet Daypass.
note-still-here-title = Daypass läuft weiter
note-still-here = Die Token bleiben frisch. Daypass erneut starten, um das Fenster zu sehen; Strg+Q im Fenster beendet Daypass.
