"""Archives, which keep what reached a bus, and replays, which give it to the bus again."""
