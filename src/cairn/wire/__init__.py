"""AWS on the wire: which operation a request is, parsing it, answering it, errors, SigV4."""
