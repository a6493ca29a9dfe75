"""Student `kokoro`: the real Kokoro-82M, made cheap for a search."""
