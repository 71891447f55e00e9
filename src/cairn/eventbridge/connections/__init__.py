"""Connections and API destinations: servers outside of AWS that rules tell by HTTP, and how they are authorized."""
