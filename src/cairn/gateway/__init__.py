"""The front door: who is calling, may they, where the call goes, what it became."""
