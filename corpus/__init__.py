"""What is said, by whom, in which style, how well."""
