# Zeitspannen und Zeitpunkte, wo die Schreibweise des Landes allein nicht genügt.
time-left-ages = über 100 J.
time-left-years = {$years} J. {$days} T.
time-left-days = {$days} T. {$hours} h
time-left-hours = {$hours} h {NUMBER($minutes, minimumIntegerDigits: 2)} min
time-left-minutes = {$minutes} min {NUMBER($seconds, minimumIntegerDigits: 2)} s
time-left-whole-minutes = {$minutes} min
time-left-seconds = {$seconds} s
time-far-future = in ferner Zukunft
time-just-now = soeben
time-took-milliseconds = {$n} ms
time-took-tenths = {NUMBER($n, minimumFractionDigits: 1, maximumFractionDigits: 1)} s
time-took-seconds = {$n} s
time-took-minutes = {$n} min
time-today = Heute
time-yesterday = Gestern
