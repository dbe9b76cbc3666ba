# Die Sitzungen: die Liste, die Details einer einzelnen und wie sie beendet werden.
sessions-accounts = {$count ->
    [one] Ein Konto
   *[other] {$count} Konten
}
sessions-account = Konto
sessions-of = Sitzungen von {$account}
sessions-of-all = Sitzungen aller Konten
sessions-none = Keine Sitzung.
sessions-none-yet = Noch keine Sitzung.

sessions-until = Bis {$at}
sessions-next-refresh = nächste Erneuerung in {$wait}
sessions-refreshing-now = wird gerade erneuert
sessions-last-used = zuletzt benutzt {$ago}
sessions-always-fresh = wird immer frisch gehalten
sessions-current-token = Aktuelles Token
sessions-no-token = Noch kein Token
sessions-no-token-yet = Das erste Kopieren eröffnet eine Sitzung.
sessions-no-token-trouble = Es kommt wieder, sobald die Störung behoben ist.
sessions-endless = Kein Ablauf
sessions-over = Abgelaufen
sessions-left = übrig
sessions-history = Verlauf
sessions-history-of = von {$account}
sessions-new = Neue Sitzung …
sessions-refresh = Jetzt erneuern
sessions-refreshing = Wird erneuert …
sessions-copy-token = Token kopieren
sessions-revoke-all = Alle Sitzungen widerrufen …
sessions-remove = Konto entfernen …

sessions-needs-you = „{$account}“ braucht Hilfe.
sessions-trouble = Die letzte Erneuerung ist fehlgeschlagen.
sessions-trouble-of = Die letzte Erneuerung von „{$account}“ ist fehlgeschlagen.
sessions-trouble-since = Beginn: {$ago}.
sessions-trouble-again = Nächster Versuch in {$wait}.
sessions-new-credential = Neue Zugangsdaten angeben
sessions-try-now = Jetzt versuchen

sessions-search = Sitzungen suchen
sessions-search-clear = Suche leeren
sessions-search-in = Suchen und filtern
sessions-filter-state = Zustand
sessions-filter-all = Alle Zustände
sessions-filter-held = Hier vorhanden
sessions-filter-foreign = Fremd
sessions-filter-orphan = Verwaist
sessions-filter-expired = Abgelaufen
sessions-filter-provider = Anbieter
sessions-filter-providers = Alle Anbieter
sessions-count = {$all ->
    [one] Eine Sitzung
   *[other] {$all} Sitzungen
}
sessions-count-of = {$shown} von {$all} Sitzungen
sessions-selected = {$count} ausgewählt
sessions-select-all = Alle auswählen
sessions-select-none = Auswahl aufheben
sessions-picked = {$is ->
    [true] Ausgewählt
   *[other] Nicht ausgewählt
}
sessions-end-selected = {$count} widerrufen …
sessions-nothing-found = Keine Sitzung passt dazu.
sessions-show-all = Alle anzeigen

sessions-column-name = Name
sessions-column-account = Konto
sessions-column-type = Art
sessions-column-created = Erstellt
sessions-column-expires = Läuft ab in
sessions-column-state = Zustand
sessions-column-actions = Aktionen
sessions-copy = Kopieren
sessions-copy-of = Token von {$title} kopieren
sessions-revoke = Widerrufen …
sessions-revoke-of = {$title} widerrufen …
sessions-forget = Vergessen …
sessions-forget-of = {$title} vergessen …

sessions-details = Details
sessions-details-of = Details von {$title}
sessions-close-details = Details schließen
sessions-deeds = Was möglich ist
sessions-cannot-copy = Kopieren nicht möglich.
sessions-no-copy-over = Das Token ist abgelaufen.
sessions-no-copy-foreign = Die Sitzung wurde anderswo eröffnet, das Token ist nicht hier.
sessions-no-copy-orphan = Das Token ist verloren gegangen.
sessions-no-end = Von hier aus nicht zu beenden: Die Sitzung wurde anderswo eröffnet, und {$provider} widerruft keine einzelnen Sitzungen.
sessions-no-end-over = Die Sitzung ist zu Ende.
sessions-forget-says = Die Sitzung kann hier vergessen werden.
sessions-forget-says-until = Die Sitzung kann hier vergessen werden; das Token bleibt bis {$until} gültig.
sessions-fact-account = Konto
sessions-fact-id = ID
sessions-fact-expires = Läuft ab
sessions-fact-fingerprint = Fingerabdruck
sessions-fact-fingerprint-means = Ein kurzer Name des Tokens wie im Verlauf: der Anfang seines SHA-256
sessions-claims = Was im Token steht
sessions-claims-raw = Alle Angaben im Wortlaut
sessions-claims-header = Kopf
sessions-claims-unchecked = Nichts davon wurde hier geprüft. Die Signatur wird nicht angezeigt.
sessions-claim-sub = Subjekt
sessions-claim-name = Name
sessions-claim-email = E-Mail
sessions-claim-iss = Aussteller
sessions-claim-aud = Zielgruppe
sessions-claim-azp = Angefordert von
sessions-claim-client_id = Client
sessions-claim-scope = Umfang
sessions-claim-scp = Umfang
sessions-claim-roles = Rollen
sessions-claim-iat = Ausgestellt
sessions-claim-nbf = Gültig ab
sessions-claim-exp = Läuft ab
sessions-claim-auth_time = Angemeldet
sessions-claim-jti = Token-ID
sessions-claim-sid = Sitzungs-ID
sessions-past = Verlauf
sessions-past-none = Nichts aufgezeichnet.
sessions-past-more = Im Verlauf steht mehr.

sessions-many-ask = {$count ->
    [one] Eine Sitzung widerrufen?
   *[other] {$count} Sitzungen widerrufen?
}
sessions-many-ask-forget = {$count ->
    [0] Diese Sitzungen sind von hier aus nicht zu beenden
    [one] Eine Sitzung hier vergessen?
   *[other] {$count} Sitzungen hier vergessen?
}
sessions-many-revoke = {$count} widerrufen
sessions-many-forget = {$count} vergessen
sessions-lot-revoked = {$count ->
    [one] Eine wird widerrufen.
   *[other] {$count} werden widerrufen.
}
sessions-lot-forgotten = {$count ->
    [one] Eine wird hier vergessen.
   *[other] {$count} werden hier vergessen.
}
sessions-lot-forgotten-until = {$count ->
    [one] Eine wird hier vergessen; das Token bleibt bis {$until} gültig.
   *[other] {$count} werden hier vergessen; das letzte der Token bleibt bis {$until} gültig.
}
sessions-lot-stays = {$count ->
    [one] Eine bleibt, wie sie ist.
   *[other] {$count} bleiben, wie sie sind.
}
sessions-lot-over = Sie sind zu Ende.
sessions-many-progress = Fortschritt
sessions-many-done = {$done} von {$all} erledigt
sessions-many-pause = · der Anbieter bittet um eine Pause, {$wait} s
sessions-many-stop = Anhalten
sessions-many-revoked = {$count ->
    [one] Eine Sitzung wurde widerrufen.
   *[other] {$count} Sitzungen wurden widerrufen.
}
sessions-many-forgotten = {$count ->
    [one] Eine Sitzung wurde hier vergessen.
   *[other] {$count} Sitzungen wurden hier vergessen.
}
sessions-many-none = Keine Sitzung wurde beendet.
sessions-many-left = {$count ->
    [one] Eine wurde nicht begonnen.
   *[other] {$count} wurden nicht begonnen.
}
sessions-many-failed = {$count ->
    [one] Bei einer ging es nicht:
   *[other] Bei {$count} ging es nicht:
}
sessions-many-again = Diese noch einmal versuchen
sessions-and-others = {$names} und {$count} weitere
sessions-close = Schließen
sessions-ended-revoked = „{$title}“ wurde widerrufen.
sessions-ended-forgotten = „{$title}“ wurde hier vergessen.
sessions-ended-forgotten-lives = „{$title}“ wurde hier vergessen; das Token bleibt bis {$until} gültig.
sessions-undo = Rückgängig
sessions-taken-back = Rückgängig gemacht.

sessions-new-title = Neue Sitzung
sessions-new-account = Konto
sessions-new-name = Name
sessions-new-name-sent = {$provider} zeigt ihn in der Liste der Sitzungen.
sessions-new-name-kept = Er bleibt auf diesem Computer.
sessions-new-life = Dauer
sessions-new-life-is = Das sind {$life}.
sessions-new-life-hint = Zum Beispiel 45m, 12h oder 7d. Ohne Angabe {$life}.
sessions-new-life-decided = {$provider} bestimmt die Dauer.
sessions-new-create = Sitzung erstellen
sessions-new-open = Die Sitzung ist eröffnet.
sessions-new-named-open = „{$title}“ ist eröffnet.
