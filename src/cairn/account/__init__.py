"""The embedded AWS account for a single machine: supervises its engines. Absent in production."""
