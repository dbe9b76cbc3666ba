# Die Palette zum schnellen Kopieren.
palette-title = Schnell kopieren
palette-ask = Token kopieren von
palette-placeholder = Konto, Sitzung oder Anbieter
palette-list = Konten und Sitzungen
palette-found = { $count ->
    [one] Ein Treffer
   *[other] {$count} Treffer
}
palette-none = Kein Treffer für „{$query}“
palette-empty = Noch keine Konten
palette-empty-says = Sobald eines verbunden ist, lässt sich sein Token von hier kopieren.
palette-connect = Konto verbinden
palette-open = Daypass öffnen
palette-opens = ↵ öffnet Daypass
palette-copying = Wird kopiert …
palette-missed = „{$what}“ wurde nicht kopiert. {$why}
palette-session-over = Sie ist abgelaufen.
palette-key-choose = Wählen
palette-key-copy = Kopieren
palette-key-close = Schließen
palette-key-number = Strg {$number}
