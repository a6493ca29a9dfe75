"""The form that launches a run: its fields, initial values, and what it says of them."""
