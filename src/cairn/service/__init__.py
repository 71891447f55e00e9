"""The only room that builds the objects, and starts and stops them, in order.

`up` starts processes, `gateway` and `worker` build what runs in one of them, `joints` fits rooms together that do not
know each other.
"""
