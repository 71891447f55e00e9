"""Amazon S3 in front of a bucket engine that knows one tenant: who owns a bucket, and what the engine lacks."""
