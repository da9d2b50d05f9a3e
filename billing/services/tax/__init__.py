"""What an authority wants to see of a customer."""
