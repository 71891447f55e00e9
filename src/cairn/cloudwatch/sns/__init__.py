"""SNS: topics, who subscribed to them, and messages on their way to people, queues, functions and servers."""
