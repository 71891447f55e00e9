"""The service: trails, delivery, history. One module a concept, named as AWS's guide names it."""
