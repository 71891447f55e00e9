"""From bytes to an operation's input: readers.service once from the shapes of botocore's model."""
