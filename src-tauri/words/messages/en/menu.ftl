# The tray menu and the tooltip of the icon.
menu-life-left = {$life} left
