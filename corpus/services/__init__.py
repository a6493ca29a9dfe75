"""Operations on the corpus: labels, takes, consent; views and tasks change rows only here."""
