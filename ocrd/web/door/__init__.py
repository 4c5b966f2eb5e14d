"""Who may come in, what is brought, and what a refusal says: what all routes share."""
