"""How a voice is made, judged and shipped."""
