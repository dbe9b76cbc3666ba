# Die Zeitleiste: die Leben aller Sitzungen auf einer Linie.
timeline-title = Zeitleiste
timeline-about = Jede Sitzung von Anfang bis Ende. Ziehen verschiebt, Strg mit Mausrad vergrößert.
timeline-chart = Sitzungen nach Konto im Lauf der Zeit
timeline-now = Jetzt
timeline-to-now = Jetzt
timeline-zoom-in = Vergrößern
timeline-zoom-out = Verkleinern
timeline-spans = Gezeigte Zeitspanne
timeline-span-hour = Stunde
timeline-span-hours = 6 Stunden
timeline-span-day = Tag
timeline-span-week = Woche
timeline-span-month = Monat
timeline-table = Tabelle
timeline-legend = Bedeutung der Zeichen

timeline-kind-current = Aktuell
timeline-kind-held = Hier
timeline-kind-orphan = Verwaist
timeline-kind-foreign = Fremd
timeline-kind-expired = Abgelaufen
timeline-kind-current-means = Ihr Token wird herausgegeben und frisch gehalten.
timeline-kind-held-means = Ihr Token liegt hier.
timeline-kind-orphan-means = Hier geöffnet, aber ihr Token ging verloren.
timeline-kind-foreign-means = Anderswo geöffnet; ihr Token liegt nicht hier.
timeline-kind-expired-means = Sie ist zu Ende.
timeline-mark-good = Erneuert
timeline-mark-warn = Versuch gescheitert
timeline-mark-bad = Zugangsdaten abgelehnt
timeline-mark-next = Nächste Erneuerung

timeline-more = +{ $count } weitere
timeline-fewer = Weniger zeigen
timeline-more-label = { $account }: { $count ->
    [one] eine weitere Sitzung
   *[other] { $count } weitere Sitzungen
  } zeigen
timeline-fewer-label = { $account }: weniger Sitzungen zeigen
timeline-none = Keine Sitzungen

timeline-account = Konto
timeline-session = Sitzung
timeline-kind = Stand
timeline-type = Art
timeline-created = Erstellt
timeline-expires = Läuft ab
timeline-left = Restzeit
timeline-refreshes = Erneuerungen
timeline-failures = Fehlschläge
timeline-next = Nächste Erneuerung
timeline-when = Zeit
timeline-what = Was
timeline-why = Warum
timeline-took = Dauer
timeline-unknown = Unbekannt
timeline-never = Nie
timeline-none-planned = Keine geplant
timeline-count = { $count ->
    [0] Keine
   *[other] { $count }, zuletzt { $last }
  }
timeline-bar = { $title }, Konto { $account }: { $kind }. Erstellt: { $created }. Läuft ab: { $expires }.
timeline-events-more = { $count ->
    [one] und eine weitere
   *[other] und { $count } weitere
  }
timeline-sessions-table = Sitzungen aller Konten
timeline-events-table = Erneuerungen und Fehlschläge von { $from } bis { $to }
timeline-table-part = Die ersten { $shown } von { $count }.
timeline-table-all = { $count } weitere zeigen
timeline-no-events = In dieser Zeit wurde nichts erneuert und nichts schlug fehl.

timeline-reading = Der Verlauf wird gelesen …
timeline-error = Der Verlauf ließ sich nicht lesen.
timeline-retry = Erneut versuchen
timeline-cut = Erneuerungen und Fehlschläge vor { $at } fehlen: Es sind zu viele.
timeline-shown = { $from } bis { $to }
