"""What the store does, a room for each subject.

Beside the rooms stand what all of them use: the three breaths (`commands`), Stripe's facts as they come in (`inbox`), people
and notices. The rooms, from the ground up; no two import each other in a circle (`bin/check` holds it):

`books`           what stands in our own rows: the ledger, the lines, trials, pilots, tax, the projection onto Stripe's schedule
`mirroring`       Stripe's objects become rows
`offering`        the catalog file becomes prices and codes
`changes`         seats, plans, add-ons, codes, and the invoice window
`selling`         the cart, the first payment, cards
`quoting`         carts and changes as documents that hold a price, and their acceptance
`trying`          trials and pilots that go on or end
`leaving`         cancelling, ending, pausing, going on
`recovery`        failed payments and disputes
`agreeing`        exceptions from the catalog, each with an end
`adopting`        contracts that were sold elsewhere move in
`renewing`        notices, price moves, expansions
`tax`, `refunds`  what an authority wants; money back
`reconciliation`  what differs, and setting it right
"""
