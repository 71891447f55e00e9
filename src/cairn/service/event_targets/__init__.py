"""What rules of event buses tell: each kind of target, where it is. One module a family."""
