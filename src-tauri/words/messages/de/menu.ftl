# Das Menü im Infobereich und der Hinweis am Symbol.
menu-life-left = noch {$life}
