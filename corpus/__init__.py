"""The corpus: sentences, style labels, speakers, takes and their measurements."""
