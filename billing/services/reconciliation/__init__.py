"""What differs between Stripe and here, and setting it right."""
