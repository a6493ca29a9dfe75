"""Student `praat`: espeak-ng inside Praat, always there."""
