"""The service: trails, delivery, history, import. One module a concept, named as AWS's guide names it."""
