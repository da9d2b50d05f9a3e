"""What every app's admin is built of: pages to look at, columns that read well, the way round. Knows no app but by name."""
