"""Event history: every management event of the last 90 days, found again in milliseconds."""
