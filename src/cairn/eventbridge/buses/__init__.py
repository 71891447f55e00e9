"""Event buses: what an account has of them, and who else may use them."""
