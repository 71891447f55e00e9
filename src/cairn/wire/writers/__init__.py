"""From an operation's output to bytes: writers compiled once from the shapes of botocore's model."""
