"""Rules of event buses, and their targets."""
