# Die Tasten des Fensters und ihre Liste.
keys-title = Tastenkürzel
keys-close-list = Schließen
keys-or = oder
keys-key-ctrl = Strg
keys-key-shift = Umschalt
keys-key-enter = Eingabe
keys-key-escape = Esc
keys-key-delete = Entf
keys-key-home = Pos1
keys-key-end = Ende
keys-key-page-up = Bild auf
keys-key-page-down = Bild ab
keys-key-space = Leertaste

keys-group-window = Überall
keys-new-session = Neue Sitzung
keys-refresh = Angezeigtes erneuern
keys-history = Verlauf anzeigen
keys-timeline = Zeitleiste anzeigen
keys-shortcuts = Diese Tastenkürzel anzeigen
keys-close = Fenster schließen

keys-group-accounts = In der Liste der Konten
keys-accounts-next = Nächstes Konto
keys-accounts-previous = Voriges Konto
keys-accounts-first = Alle Konten
keys-accounts-last = Letztes Konto

keys-group-timeline = Auf der Zeitleiste
keys-timeline-in = Vergrößern
keys-timeline-out = Verkleinern
keys-timeline-earlier = Sitzung davor oder weiter zurück in der Zeit
keys-timeline-later = Sitzung danach oder weiter vor in der Zeit
keys-timeline-up = Zeile darüber
keys-timeline-down = Zeile darunter
keys-timeline-now = Zurück zu jetzt
keys-timeline-open = Sitzung öffnen
