"""Money as whole minor units. Pure functions over integers, no Django.

- ``currencies``: how many decimals a currency has.
- ``rounding``: the one way a fraction becomes a whole amount.
- ``allocation``: splitting an amount without losing a cent, filling claims in order.
- ``pricing``: what a booking costs: lines, discount, taxes, total.
- ``share``: the part of a booking's net and taxes that a reduction or a write-off takes.
"""
