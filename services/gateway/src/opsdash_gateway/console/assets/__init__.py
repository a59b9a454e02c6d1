"""Scripts, styles, fonts and icons, as browsers load them."""
