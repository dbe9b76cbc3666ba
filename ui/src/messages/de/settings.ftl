# Everything that a user may choose.
settings-title = Einstellungen
settings-says = Jede Änderung gilt sofort.
settings-file-wrong = Die Datei der Einstellungen hat einen Fehler.
settings-file-wrong-line = Die Datei der Einstellungen hat einen Fehler in Zeile {$line}.
settings-file-wrong-note = Die letzten gültigen Einstellungen gelten weiter; bis zur Korrektur lässt sich hier nichts ändern.

settings-general = Allgemein
settings-start = Bei der Anmeldung starten
settings-start-says = Daypass wartet nach der Anmeldung am Rechner im Infobereich.
settings-theme = Erscheinungsbild
settings-theme-says = Hell, dunkel oder wie der Desktop.
settings-theme-system = Wie der Desktop
settings-theme-light = Hell
settings-theme-dark = Dunkel
settings-language = Sprache
settings-language-says = Die Sprache von Menü und Fenster; die Befehlszeile spricht Englisch.
settings-language-system = Wie der Desktop

settings-copying = Kopieren
settings-clear = Zwischenablage leeren nach
settings-clear-says = Wie lange ein kopiertes Token dort bleiben darf: 5 bis 600 Sekunden.
settings-clear-wrong = Nötig ist eine ganze Zahl von 5 bis 600.
settings-seconds = Sekunden
settings-shortcut = Tastenkürzel zum schnellen Kopieren
settings-shortcut-says = Diese Tasten öffnen überall eine kleine Palette: zwei Buchstaben, Eingabetaste, und das Token ist in der Zwischenablage.
settings-shortcut-choose = Tasten wählen
settings-shortcut-press = Tasten drücken …
settings-shortcut-off = Entfernen
settings-shortcut-bound = {$keys} öffnet die Palette.
settings-warm = Palette bereithalten
settings-warm-says = Sie öffnet sich dann augenblicklich; ihr Prozess belegt dafür ständig etwa 200 MB Arbeitsspeicher.

settings-refreshing = Erneuern
settings-fresh = Token frisch halten
settings-fresh-says = Wessen Token im Hintergrund erneuert werden. Wer nach einem Token fragt, bekommt in jedem Fall ein gültiges.
settings-fresh-pinned = Angeheftete Konten
settings-fresh-used = Angeheftet oder zuletzt benutzt
settings-fresh-all = Alle Konten
settings-paused = Erneuern anhalten
settings-paused-says = Im Hintergrund wird vorerst nichts erneuert; ein Token, das verlangt wird, weiterhin.

settings-notifications = Benachrichtigungen
settings-note-copied = Ein Token wurde kopiert
settings-note-copied-says = Nennt, welches, und wann die Zwischenablage geleert wird.
settings-note-copied_is_over = Ein kopiertes Token gilt nicht mehr
settings-note-copied_is_over-says = Das Token in der Zwischenablage wurde inzwischen ersetzt oder widerrufen.
settings-note-trouble = Erneuern schlägt fehl
settings-note-trouble-says = Token laufen ab, weil ein Anbieter nicht erreichbar ist, und wann das vorbei ist.
settings-note-needs_you = Ein Konto braucht Hilfe
settings-note-needs_you-says = Es geht zum Beispiel erst nach einer neuen Anmeldung weiter.
settings-note-vault = Der Tresor hat ein Problem
settings-note-vault-says = Er ist verschlossen oder kann nicht gelesen oder geschrieben werden.
settings-note-revoked = Sitzungen wurden widerrufen
settings-note-revoked-says = Nennt, wie viele und von welchem Konto.

settings-authority = Lokale Ausgabestelle
settings-authority-on = Lokale Ausgabestelle betreiben
settings-authority-says = Sie gibt Sitzungen auf diesem Rechner aus, sodass Daypass ohne anderen Dienst auskommt.
settings-authority-runs = Sie läuft unter
settings-authority-starts = Sie wird gestartet.
settings-port = Port
settings-port-says = Ihr Port auf diesem Rechner; 0 nimmt irgendeinen freien.
settings-port-wrong = Nötig ist eine ganze Zahl von 0 bis 65535.

settings-data = Daten
settings-places-says = Wo alles liegt, was Daypass auf diesem Rechner aufbewahrt.
settings-place-config = Einstellungen
settings-place-vault = Tresor
settings-place-providers = Eigene Anbieter
settings-place-log = Protokoll
settings-copy-path = Pfad kopieren
settings-copy-path-of = Pfad kopieren: {$place}
settings-path-copied = Der Pfad ist in der Zwischenablage.
settings-open-folder = Ordner öffnen
settings-open-folder-of = Ordner öffnen: {$place}
settings-export = Konten exportieren
settings-export-says = Alle Konten mit ihren Geheimnissen in einer Datei, die nur die Passphrase öffnet.
settings-export-open = Exportieren …
settings-export-asks = Wer Datei und Passphrase hat, hat alles: beides getrennt aufbewahren.
settings-export-go = Datei wählen …
settings-exported = { $count ->
    [one] Ein Konto wurde
   *[other] {$count} Konten wurden
  } nach {$file} exportiert.
settings-import = Konten importieren
settings-import-says = Die Konten eines Exports; sie ruhen hier, bis sie benutzt werden.
settings-import-open = Importieren …
settings-import-asks = Die Passphrase, mit der {$file} versiegelt wurde.
settings-import-replace = Konten gleichen Namens ersetzen
settings-import-go = Importieren
settings-imported = { $count ->
    [one] Importiert: {$names}.
   *[other] {$count} Konten importiert: {$names}.
  }
settings-imported-none = Es wurde nichts importiert.
settings-left-out = { $count ->
    [one] Ausgelassen, weil es ein Konto dieses Namens gibt: {$names}.
   *[other] Ausgelassen, weil es Konten dieser Namen gibt: {$names}.
  }
settings-passphrase = Passphrase
settings-passphrase-again = Dieselbe noch einmal
settings-passphrase-hint = mindestens {$count} Zeichen
settings-passphrase-short = Die Passphrase braucht mindestens {$count} Zeichen.
settings-passphrase-differs = Die beiden Passphrasen sind verschieden.
