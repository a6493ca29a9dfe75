"""Teacher `f5`: F5-TTS, in an environment of its own."""
