"""The ledger: all forecasts, outcomes, decisions and alerts of a home in one append-only file.

columns         types of columns: how values are declared, stored and read
records         what is written; the fields of the records declare the columns
schema          tables, triggers and views built from the records, and formats
upgrade         ledgers of earlier formats
chain           the hash that ties each row to all rows before it
database        the connection, its errors, one transaction
deadline        the moment before which a forecast counts as live
write_checks    what is refused, and what is not written again
queries         tables as frames, rows as records
ledger          Ledger: open, write, read
verify          the chain recomputed
rebuild_check   past forecasts rebuilt and compared
head_file       the last row, kept next to the ledger
outcomes        outcomes of forecasts from a panel
version_names   how decisions and scores name a version
scoring         live scores compared with those of the backtest
display         the columns that people read
export          CSV and Parquet
"""
