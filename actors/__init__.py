"""The job types that come with the product: one module per type, loaded by the workers."""
