"""Service layer of the corpus: labels, takes, consent; views and tasks act only through it."""
