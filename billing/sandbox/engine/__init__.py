"""What Stripe does: the verbs of the API, and the money behind them."""
