# Was schiefgeht: die Sätze des Agenten, nach den Kennungen, die er mitschickt. Auch für die Seite.
error-unknown-account = Es gibt kein Konto namens {$account}.

# Die Datei der Einstellungen, und warum sie nicht gelesen oder geändert werden kann.
error-settings-syntax = Diese Zeile ist kein gültiges TOML.
error-settings-unknown = Eine Einstellung „{$key}“ gibt es hier nicht; es gibt {$known}.
error-settings-group = „{$key}“ ist eine Gruppe von Einstellungen, wie [clipboard].
error-settings-switch = „{$key}“ ist true oder false.
error-settings-number = „{$key}“ ist eine ganze Zahl.
error-settings-text = „{$key}“ ist ein Text in Anführungszeichen.
error-settings-value = „{$key}“ kann diesen Wert nicht haben.
error-settings-unreadable = Die Datei kann nicht gelesen werden: {$reason}.
error-settings-link = Die Datei ist eine Verknüpfung mit einer Datei, die es nicht gibt.
error-settings-no-file = An ihrer Stelle liegt etwas, das keine Datei ist.
error-settings-long = Die Datei ist länger als 64 KiB.
error-settings-utf8 = Das ist kein UTF-8.
error-settings-not-ours = Die Datei der Einstellungen {$file} hat einen Fehler, der zuerst behoben werden muss.
error-settings-not-ours-line = Die Datei der Einstellungen {$file} hat in Zeile {$line} einen Fehler, der zuerst behoben werden muss.
error-settings-unwritable = Die Datei der Einstellungen {$file} kann nicht geändert werden: {$reason}.
error-settings-misfit = Die Einstellung kann diesen Wert nicht haben.
error-shortcut-part = Ein Tastenkürzel wird wie Strg+Alt+C geschrieben; „{$part}“ ist keine Taste.
error-shortcut-one-key = Ein Tastenkürzel hat eine Taste neben Strg, Alt, Umschalt oder Super, etwa Strg+Alt+C.
error-shortcut-bare = Zum Tastenkürzel gehört Strg, Alt oder Super, sonst ließe sich die Taste nicht mehr tippen.
error-shortcut-taken = {$keys} gehört schon einem anderen Programm; bitte andere Tasten wählen.
error-shortcut-declined = Dem Desktop wurde gesagt, dass Daypass kein Tastenkürzel bekommt; in seinen Einstellungen lässt es sich vergeben.
error-shortcut-no-key = Diese Tastatur hat keine Taste für {$keys}; bitte andere Tasten wählen.
error-shortcut-no-way = Dieser Desktop gibt Programmen keine Tastenkürzel; in seinen Einstellungen lassen sich Tasten mit `daypass palette` verbinden.
error-shortcut-failed = Der Desktop hat das Tastenkürzel nicht angenommen: {$why}. In seinen Einstellungen lassen sich Tasten mit `daypass palette` verbinden.

# Was an einem eingefügten Befehl, am Verbinden und an der lokalen Ausgabestelle nicht stimmt.
error-curl-long = Das ist länger als 64 KiB; bitte nur den curl-Befehl einfügen.
error-curl-none = Das ist kein curl-Befehl; bitte einen einfügen, der mit curl beginnt.
error-curl-address = Der Befehl nennt keine lesbare Adresse.
error-curl-unknown = Keiner der Anbieter hier wird bei {$host} auf diese Weise angesprochen.
error-curl-other = Der Befehl ist für {$other}, nicht für {$title}.
error-curl-empty = Der Befehl enthält kein {$label}, nur einen Platzhalter dafür.
error-curl-either = Entweder die Zugangsdaten angeben oder den Befehl, der sie enthält.
error-connect-check = Bitte prüfen: {$label}. Es wurde nichts gespeichert.
error-connect-later = Es wurde nichts gespeichert; bitte später noch einmal versuchen.
error-authority-none = Dieser Agent hat keine lokale Ausgabestelle.
error-authority-off = Die lokale Ausgabestelle wurde inzwischen ausgeschaltet.
error-authority-port = Port {$port} ist von einem anderen Programm belegt; bitte einen anderen für die lokale Ausgabestelle wählen.
error-authority-listen = Die lokale Ausgabestelle kann Port {$port} nicht öffnen: {$reason}.
error-authority-store = Die lokale Ausgabestelle kann nicht starten: {$reason}.
error-authority-stopped = Die lokale Ausgabestelle läuft nicht.
