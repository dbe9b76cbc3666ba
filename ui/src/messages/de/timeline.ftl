# Die Zeitleiste: die Leben aller Sitzungen auf einer Linie.
timeline-title = Zeitleiste
