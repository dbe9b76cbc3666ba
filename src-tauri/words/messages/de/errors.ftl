# Was schiefgeht: die Sätze des Agenten, nach den Kennungen, die er mitschickt. Auch für die Seite.
error-unknown-account = Es gibt kein Konto namens {$account}.
