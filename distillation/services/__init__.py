"""Operations on runs and voices; the web imports all but `slices`, which imports torch."""
