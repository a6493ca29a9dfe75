"""What is done to the corpus: labels, takes, consent. Views and tasks call these, nothing else."""
