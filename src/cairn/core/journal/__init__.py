"""If append returned, the event survives a power cut, in order, once."""
