"""Proof that nothing was changed: digest files, their signatures and their chains."""
