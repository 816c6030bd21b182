"""Pages: public, personal and for organisers. No rule is decided here."""
