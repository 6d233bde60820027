"""What the console shows, read through the other apps' selectors. Nothing is written from here."""
