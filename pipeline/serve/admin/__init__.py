"""What an admin may start: each in a process of its own, so that a crash there hurts nothing here.

command           the command line of volcast as a child process
retraining        retrainings that were asked for, one at a time
champion_change   promotions and rollbacks
verification      verifications of the ledger
"""
