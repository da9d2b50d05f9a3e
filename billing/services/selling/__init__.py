"""The cart, the first payment, cards, and coming back."""
