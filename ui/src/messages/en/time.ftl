# Spans and instants, where the locale's own way of writing them is not enough.
time-left-ages = over 100y
time-left-years = {$years}y {$days}d
time-left-days = {$days}d {$hours}h
time-left-hours = {$hours}h {NUMBER($minutes, minimumIntegerDigits: 2)}m
time-left-minutes = {$minutes}m {NUMBER($seconds, minimumIntegerDigits: 2)}s
time-left-whole-minutes = {$minutes}m
time-left-seconds = {$seconds}s
time-far-future = the far future
time-just-now = just now
time-took-milliseconds = {$n} ms
time-took-tenths = {NUMBER($n, minimumFractionDigits: 1, maximumFractionDigits: 1)} s
time-took-seconds = {$n} s
time-took-minutes = {$n} min
time-today = Today
time-yesterday = Yesterday
