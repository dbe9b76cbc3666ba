# Das Menü im Infobereich und der Hinweis am Symbol.

## Zeitspannen und Aufzählungen

menu-span-soon = unter 1 min
menu-span-seconds = { $count } s
menu-span-minutes = { $count } min
menu-span-hours = { $count } h
menu-span-days = { $count ->
    [one] 1 Tag
   *[other] { $count } Tage
}
menu-names-and = { $names } und { $last }
menu-names-more = { $names } und { $count } weitere

## Das Menü selbst

menu-starting = Wird gestartet …
menu-connect = Konto verbinden …
menu-copy-of = Token von { $account } kopieren
menu-clip = In der Zwischenablage: { $account } · { $left }
menu-clip-clear = Zwischenablage jetzt leeren
menu-more-accounts = Weitere Konten
menu-more-in-window = { $count } weitere in Daypass …
menu-new-session = Neue Sitzung …
menu-open = Daypass öffnen
menu-timeline = Zeitleiste …
menu-history = Verlauf …
menu-pause = Erneuern pausieren
menu-resume = Erneuern fortsetzen
menu-settings = Einstellungen …
menu-quit = Beenden

## Der Tresor

menu-vault-slow = Der Schlüsselbund hat noch nicht geantwortet
menu-vault-locked = Der Schlüsselbund ist gesperrt
menu-vault-absent = Es gibt keinen Schlüsselbund
menu-vault-full = Der Datenträger ist voll
menu-vault-corrupt = Der Tresor ist beschädigt
menu-vault-failing = Der Tresor ist nicht benutzbar
menu-vault-unlock = Entsperren …
menu-vault-again = Erneut versuchen
menu-vault-help = Was zu tun ist …

## Ein Konto

menu-account = { $account } · { $state }
menu-account-copy = Token kopieren
menu-account-refresh = Jetzt erneuern
menu-account-sign-in = Neu anmelden …
menu-life-left = noch { $life }
menu-life-live = gültig
menu-life-none = noch nicht benutzt
menu-life-over = abgelaufen, wird bei Bedarf erneuert
menu-life-refreshing = { $left }, wird erneuert …
menu-life-trouble = { $left }, Erneuern scheitert
menu-refreshing = wird erneuert …
menu-trouble = Erneuern scheitert
menu-needs-you = Hilfe nötig
menu-needs-you-because = Hilfe nötig: { $reason }

## Eine Sitzung

menu-session = { $title } · { $state }
menu-session-current = Aktuelle Sitzung
menu-session-current-named = { $name } (aktuell)
menu-session-kind = { $name } · { $kind }
menu-session-unnamed = Sitzung { $id }
menu-session-left = noch { $life }
menu-session-endless = Ende unbekannt
menu-session-expired = abgelaufen
menu-session-foreign = anderswo geöffnet, { $left }
menu-session-orphan = Token verloren, { $left }
menu-session-copy = Kopieren
menu-session-revoke = Widerrufen
menu-session-forget = Hier vergessen
menu-session-forget-until = Hier vergessen (bleibt noch { $life } gültig)
menu-session-forget-endless = Hier vergessen (bleibt gültig)
menu-session-elsewhere = Lässt sich nur bei { $provider } beenden

## Der Hinweis am Symbol

menu-tip-starting = Daypass wird gestartet.
menu-tip-empty = Noch ist kein Konto verbunden.
menu-tip-paused = Das Erneuern ist pausiert.
menu-tip-well = { $account }: alles in Ordnung.
menu-tip-all-well = Alle { $count } Konten sind in Ordnung.
menu-tip-refreshing = { $names }: wird erneuert.
menu-tip-trouble = { $names }: Erneuern scheitert; neuer Versuch folgt.
menu-tip-needs-you = { $account }: Hilfe nötig.
menu-tip-many-need-you = { $count } Konten brauchen Hilfe: { $names }.
