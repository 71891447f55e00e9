"""The account's services other than S3: moto's server as a child process whose state survives kill -9.

`engine.MotoEngine` supervises the child, `upstream.MotoUpstream` sends calls to it; everything else runs inside
the child (`python -m cairn.account.moto.server`).
"""
