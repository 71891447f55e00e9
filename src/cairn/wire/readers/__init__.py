"""From bytes to an operation's input: readers compiled once from the shapes of botocore's model."""
