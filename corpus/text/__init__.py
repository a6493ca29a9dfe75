"""Written Spanish (and English) as it is read aloud: figures, abbreviations, signs, addresses."""
