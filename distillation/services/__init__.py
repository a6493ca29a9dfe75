"""What is done to runs and voices; the web imports any of it but `slices`, which reaches torch."""
