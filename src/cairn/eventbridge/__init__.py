"""Event buses: what reaches them, the rules that match it, and the targets that are told."""
