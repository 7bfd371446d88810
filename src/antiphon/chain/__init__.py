"""A chain on this machine: Base Sepolia's number, USDC's own contract, test money, for trying out payments.

Nothing here reaches a public network, and nothing that is signed for it moves real money.
"""
